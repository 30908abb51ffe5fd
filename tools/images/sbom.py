"""What every image is made of, as CycloneDX: the locked packages, and as its version the tag that names its content."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def write_sboms(root: Path, folder: Path, tags: Mapping[str, str]) -> list[Path]:
    """Write `<image>.cdx.json` for every image; the paths written. The base image's Debian packages are not in it."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(root / "locks" / f"{image}.txt", folder / f"{image}.cdx.json", image, tags[image]) for image in tags]


def _write(lock: Path, path: Path, image: str, tag: str) -> Path:
    options = ("--output-reproducible", "--no-validate", "--output-format=JSON", f"--output-file={path}")
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", *options, str(lock)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed command
    found = json.loads(path.read_text(encoding="utf-8"))
    subject = {"type": "container", "bom-ref": image, "name": f"wafer-fault/{image}", "version": tag}
    found["metadata"]["component"] = subject
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return path
