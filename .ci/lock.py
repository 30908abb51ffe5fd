"""Write requirements.lock, locks/<image>.txt and the locks in .ci/: exact versions with hashes and no addresses.

All from pyproject.toml. `make lock` keeps the versions it finds; `make lock UPGRADE=1` takes newer ones. The first line
of every lock is a digest of what it was made from, so that a stale lock is found without a network.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from pipelines.images import ALL

ROOT = Path(__file__).resolve().parent.parent
PROJECT_LOCK = ROOT / "requirements.lock"
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--fork-strategy=fewest",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-config",
    "--quiet",
)


def pyproject() -> dict[str, dict[str, object]]:
    """The project file, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(group: str) -> list[str]:
    """What a dependency group asks for, with the groups that it includes."""
    found: list[str] = []
    for each in pyproject()["dependency-groups"][group]:  # type: ignore[attr-defined] # a table of lists
        found += [each] if isinstance(each, str) else requirements(each["include-group"])
    return found


def locks() -> dict[str, Path]:
    """Dependency group -> its lock; the project's own dependencies and those of its tools are the group `dev`.

    The group of an image is named as its folder; `stage` is what the images of all stages share.
    """
    of_images = {image: ROOT / "locks" / f"{image}.txt" for image in ("stage", *ALL)}
    of_tools = {group: ROOT / ".ci" / f"{group}.lock" for group in ("go", "checkov", "schemas")}
    return {"dev": PROJECT_LOCK, **of_images, **of_tools}


def first_line(group: str) -> str:
    """What the first line of the group's lock says when the lock is up to date."""
    project = pyproject()
    made_from = [OPTIONS, group, project["project"]["requires-python"], requirements(group)]
    made_from += [project["project"]["dependencies"]] if group == "dev" else [PROJECT_LOCK.read_text(encoding="utf-8")]
    digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    return f"# made by `make lock` from pyproject.toml, digest {digest[:16]}"


def compile_lock(path: Path, *arguments: str) -> None:
    """Resolve into `path`, keeping the versions that are there; settings of this machine have no say."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("UV_FIND", "PIP_"))}
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", *OPTIONS, *arguments, f"--output-file={path.relative_to(ROOT)}"]
    subprocess.run(command, cwd=ROOT, env=ours, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed command


def main() -> None:
    """Write all locks, the project's first: the others take their versions from it."""
    for group, path in locks().items():
        path.parent.mkdir(exist_ok=True)
        if group == "dev":
            compile_lock(path, "pyproject.toml", "--group=dev", *sys.argv[1:])
        elif group in {"checkov", "schemas"}:
            compile_lock(path, f"--group={group}", *sys.argv[1:])
        else:
            compile_lock(path, f"--group={group}", f"--constraints={PROJECT_LOCK.name}", *sys.argv[1:])
        path.write_text(f"{first_line(group)}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


if __name__ == "__main__":
    main()
