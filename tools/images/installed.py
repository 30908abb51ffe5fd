"""What a built image holds, as CycloneDX: Debian packages by dpkg's status, Python packages by their metadata."""

import importlib.metadata
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

STATUS = Path("var/lib/dpkg/status")


def write_installed(root: Path, path: Path, name: str, tag: str) -> int:
    """Write the bill of materials of an image whose files lie below `root`; how many packages it has.

    Raises `ValueError` for a tree without any: it is not that of an image.
    """
    bom = Bom()
    bom.metadata.component = Component(type=ComponentType.CONTAINER, name=name, version=tag, bom_ref=name)
    for package in (*_debian(root), *_python(root)):
        url = package.to_string()
        bom.components.add(Component(name=package.name, version=package.version, purl=package, bom_ref=url))
    if not bom.components:
        raise ValueError(f"{root} has no package")
    bom.register_dependency(bom.metadata.component, bom.components)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2))
    return len(bom.components)


def _debian(root: Path) -> Iterator[PackageURL]:
    if not (root / STATUS).exists():
        return
    suite = _suite(root)
    for paragraph in (root / STATUS).read_text(encoding="utf-8").strip().split("\n\n"):
        fields = HeaderParser().parsestr(paragraph)
        if fields["Status"].endswith(" installed"):
            source, _, version = (fields["Source"] or fields["Package"]).partition(" ")
            upstream = f"{source}@{version.strip('()')}" if version else source
            kept = {"arch": fields["Architecture"], "distro": suite, "upstream": upstream}
            yield PackageURL("deb", "debian", fields["Package"], fields["Version"], kept)


def _suite(root: Path) -> str:
    release = root / "etc/os-release"
    lines = release.read_text(encoding="utf-8").splitlines() if release.exists() else []
    fields = dict(line.partition("=")[::2] for line in lines)
    return f"{fields.get('ID', 'debian')}-{fields.get('VERSION_ID', '').strip(chr(34))}".rstrip("-")


def _python(root: Path) -> Iterator[PackageURL]:
    for metadata in sorted(root.rglob("*.dist-info/METADATA")):
        found = importlib.metadata.Distribution.at(metadata.parent)
        yield PackageURL("pypi", None, found.name.lower().replace("_", "-"), found.version)
