"""A digest of the code that does a unit of work: where it is the same, the bytes are the same."""

import hashlib
import platform
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import combinations
from pathlib import Path

from wafer.imports import import_graph, modules, reachable

LIBRARY = "wafer"
PACKAGES = ("numpy", "pyarrow", "scikit-learn", "xgboost", "xgboost-cpu")  # what computes; one of the last two
_ROOT = Path(__file__).parents[2]


def content(package: str) -> str:
    """Name and digest of a top-level package of ours: what its units execute, Python and what computes here."""
    return _content(package, tuple(name for name in PACKAGES if _version(name)))


def contents() -> list[str]:
    """What a worker offers: the library and every stage, for tasks that have fewer packages too.

    The image of a task that only reads has no scikit-learn, the workers' has: its units do not miss it, and must not be
    refused for it. So a worker offers every choice of the packages that it has.
    """
    here = [name for name in PACKAGES if _version(name)]
    choices = [choice for count in range(len(here) + 1) for choice in combinations(here, count)]
    stages = sorted(path.parent.name for path in _ROOT.glob("*/descriptor.py"))
    return [_content(package, choice) for package in (LIBRARY, *stages) for choice in choices]


def _content(package: str, computing: Sequence[str]) -> str:
    summed = hashlib.sha256(platform.python_version().encode())
    for name in computing:
        summed.update(f"\n{name} {_version(name)}".encode())
    summed.update(_code(package))
    return f"{package}-{summed.hexdigest()[:16]}"


@cache
def _code(package: str) -> bytes:
    """A digest of what units of the package may execute: its modules, and all that they import of the library.

    An image is not built again when anything else changes, so the rest may differ between two images of one release.
    """
    folders = (package, LIBRARY)
    tree = {path.relative_to(_ROOT).as_posix(): path.read_bytes() for name in folders for path in _sources(name)}
    found = modules(tree, folders)
    own = [module for module in found if module.partition(".")[0] == package]
    used = {found[module] for module in reachable(import_graph(tree, found), own, folders)}
    summed = hashlib.sha256()
    for path in sorted(used):
        summed.update(f"\n{path}\n".encode() + tree[path])
    return summed.digest()


def _sources(package: str) -> Iterable[Path]:
    return (_ROOT / package).rglob("*.py")


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
