"""A digest of the code that does a unit of work: where it is the same, the bytes are the same."""

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "pyarrow", "scikit-learn", "xgboost-cpu")  # what computes
_ROOT = Path(__file__).parents[2]


@cache
def content(package: str) -> str:
    """Name and digest of a top-level package of ours: its sources, the library's, Python and what computes."""
    summed = hashlib.sha256(platform.python_version().encode())
    for name in PACKAGES:
        summed.update(f"\n{name} {_version(name)}".encode())
    for path in (path for name in dict.fromkeys(("wafer", package)) for path in _sources(name)):
        summed.update(f"\n{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    return f"{package}-{summed.hexdigest()[:16]}"


def contents() -> list[str]:
    """The same of the library and of every stage beside it."""
    return [content(name) for name in ("wafer", *sorted(path.parent.name for path in _ROOT.glob("*/descriptor.py")))]


def _sources(package: str) -> Iterator[Path]:
    return (path for path in sorted((_ROOT / package).rglob("*.py")) if "tests" not in path.parts)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
