"""What an image is made of: the files that decide what it does, and one digest of them all."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePosixPath

from pipelines.images import ALL, APPLICATION, ENGINE, SHARED, STAGES
from tools.images.tree import Tree
from wafer.imports import Graph, import_graph, is_test, modules, reachable

LIBRARY = "wafer"
COMMON_LOCK = "locks/stage.txt"
BASE_RECIPE = re.compile(rb"^make_base\(\) \{\n.*?^\}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Content:
    """Path -> sha256 of everything that an image's behaviour comes from."""

    files: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """One digest of all files and their paths."""
        lines = "".join(f"{path}\0{digest}\n" for path, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def changes_since(self, before: "Content") -> list[str]:
        """Paths that are new, gone or different."""
        paths = self.files.keys() | before.files.keys()
        return sorted(path for path in paths if self.files.get(path) != before.files.get(path))


def contents(tree: Tree) -> dict[str, Content]:
    """Image -> content."""
    found = modules(tree, (*STAGES, APPLICATION, LIBRARY, "pipelines"))
    graph = import_graph(tree, found)
    return {image: _content(image, tree, graph, found) for image in ALL}


def folders(image: str) -> tuple[str, ...]:
    """The folders of the repository that the image holds."""
    return {APPLICATION: (APPLICATION, LIBRARY, "pipelines"), ENGINE: (*SHARED, LIBRARY)}.get(image, (image, LIBRARY))


def own(image: str) -> tuple[str, ...]:
    """The packages that the image is for: of other folders it holds what these import."""
    return (*SHARED, f"{LIBRARY}.engine") if image == ENGINE else (image,)


def version(tree: Tree) -> str:
    """Version of the project, which every image carries as a label."""
    return _version(tree["pyproject.toml"])


@cache
def _version(pyproject: bytes) -> str:
    """Kept, because every image of a plan asks."""
    return str(tomllib.loads(pyproject.decode())["project"]["version"])


def _content(image: str, tree: Tree, graph: Graph, found: Mapping[str, str]) -> Content:
    start = [module for module in graph if module.startswith(tuple(f"{name}." for name in own(image)))]
    used = {found[module] for module in reachable(graph, start, folders(image))}
    code = used | set(_own_files(image, tree)) | set(_data(image, tree, used))
    digests = {path: _sha256(tree[path]) for path in code}
    return Content(digests | {path: _sha256(part) for path, part in _recipe(image, tree)})


def _own_files(image: str, tree: Tree) -> Iterator[str]:
    places = tuple(f"{name.replace('.', '/')}/" for name in own(image))
    return (path for path in tree if path.startswith(places) and not is_test(path))


def _data(image: str, tree: Tree, used: set[str]) -> Iterator[str]:
    """Files next to the modules of shared folders: each is the business of the modules that name it.

    A file that no module names (its name is put together) is the business of all who use its package.
    """
    shared = tuple(f"{folder}/" for folder in folders(image) if folder not in own(image))
    sources = {path: source for path, source in tree.items() if path.startswith(shared) and path.endswith(".py")}
    for path in tree:
        if path.startswith(shared) and not path.endswith(".py") and not is_test(path):
            name = PurePosixPath(path).name.encode()
            named_by = {each for each, source in sources.items() if name in source and not is_test(each)}
            if named_by & used if named_by else any(each.startswith(_package(path, tree)) for each in used):
                yield path


def _package(path: str, tree: Tree) -> str:
    parents = [str(parent) for parent in PurePosixPath(path).parents]
    return next(f"{parent}/" for parent in parents if f"{parent}/__init__.py" in tree)


def _recipe(image: str, tree: Tree) -> Iterator[tuple[str, bytes]]:
    """How the image is built and what is installed in it; of files that say more than that, the part that counts."""
    for path in ("Containerfile", ".containerignore"):
        yield path, tree.get(path, b"")
    for path in (COMMON_LOCK, f"locks/{image}.txt"):
        yield path, _without_comments(tree.get(path, b""))
    base = BASE_RECIPE.search(tree.get(".ci/images", b""))
    yield ".ci/images (the base)", base.group() if base else b""
    yield "pyproject.toml (the version)", version(tree).encode()


def _without_comments(lock: bytes) -> bytes:
    """A lock's packages; its first line changes with any dependency of the project, also one of another image."""
    return b"\n".join(line for line in lock.splitlines() if not line.startswith(b"#"))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
