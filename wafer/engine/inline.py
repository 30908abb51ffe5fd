"""The engine of a laptop: one unit after the other, in this process."""

from collections.abc import Callable, Iterator, Sequence
from typing import Self, TypeVar

from wafer.engine.protocol import Unit

U = TypeVar("U", bound=Unit)
R = TypeVar("R")


class Inline:
    """`Engine` without any process of its own."""

    def run(self, work: Callable[[U], R], units: Sequence[U]) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units."""
        yield from map(work, units)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
