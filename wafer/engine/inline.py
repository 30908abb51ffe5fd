"""The engine of a laptop: the threads of this process, most of which wait for files or work outside the interpreter."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Concatenate, Self, TypeVar

from wafer.engine.given import Given
from wafer.engine.protocol import Unit
from wafer.process import cores

U = TypeVar("U", bound=Unit)
R = TypeVar("R")
MOST_THREADS = 4  # a unit may hold 150 MB


class Inline:
    """`Engine` without any process of its own; so many units at once, by default as many as there are cores."""

    shares_files = True

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads or min(MOST_THREADS, cores())

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """The files in place."""
        return [Given(str(path)) for path in paths]

    def run(self, work: Callable[Concatenate[U, ...], R], units: Sequence[U], *folders: Path) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units; it writes into the folders themselves."""
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(work, units, *map(repeat, folders))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
