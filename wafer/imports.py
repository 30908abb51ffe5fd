"""Who imports whom among the repository's own modules, read from their source without running any of it."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

Tree = Mapping[str, bytes]  # path in the repository -> content
Graph = Mapping[str, frozenset[str]]


def modules(tree: Tree, folders: Iterable[str]) -> dict[str, str]:
    """Module -> path of its file, for every module below the folders; tests are no modules."""
    wanted = tuple(f"{folder}/" for folder in folders)
    paths = [path for path in tree if path.startswith(wanted) and path.endswith(".py") and not is_test(path)]
    return {_module(path): path for path in paths}


def import_graph(tree: Tree, found: Mapping[str, str]) -> Graph:
    """Module -> the modules it needs: what it imports anywhere, also late in a function, and its own parents."""
    return {module: frozenset(_needs(module, path, tree[path], found)) for module, path in found.items()}


def reachable(graph: Graph, start: Iterable[str], within: Iterable[str]) -> set[str]:
    """Everything that the modules of `start` need, directly or not, without leaving the folders `within`."""
    folders = set(within)
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        module = waiting.pop()
        if module not in seen and module.partition(".")[0] in folders:
            seen.add(module)
            waiting += graph[module]
    return seen


def is_test(path: str) -> bool:
    """Whether a file is a test's: `tests` is a folder that no image holds."""
    return "tests" in PurePosixPath(path).parts


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _needs(module: str, path: str, source: bytes, found: Mapping[str, str]) -> Iterator[str]:
    package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
    for name in [module, *_named(source, package)]:
        for each in _with_parents(name):
            if each in found and each != module:
                yield each


@cache
def _named(source: bytes, package: str) -> tuple[str, ...]:
    """Every dotted name that a source may mean; kept, because most files of two trees are the same."""
    return tuple(_dotted_names(ast.parse(source), package))


def _dotted_names(source: ast.Module, package: str) -> Iterator[str]:
    """What an import statement, or a string that loads a module by name, may mean."""
    for node in ast.walk(source):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = _absolute(package, level, module or "")
                yield from (f"{start}.{alias.name}" for alias in names)
            case ast.Constant(value=str(text)) if "." in text and " " not in text:
                yield text  # MLflow is told its loader as "wafer.pyfunc"


def _absolute(package: str, level: int, module: str) -> str:
    if not level:
        return module
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - level + 1], module]).rstrip(".")


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]
