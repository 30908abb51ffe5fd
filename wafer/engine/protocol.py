"""What an engine does, and how it says that units could not be done."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, Self, TypeVar

from wafer.errors import StageFailed

LISTED = 5


class Unit(Protocol):
    """A part of a stage's work that can be sent to another process; its name is unique among the units of one call."""

    @property
    def name(self) -> str:
        """Names it in errors."""
        ...


U = TypeVar("U", bound=Unit)
R = TypeVar("R")


class Engine(Protocol):
    """Does units of work; closed when its block ends."""

    def run(self, work: Callable[[U], R], units: Sequence[U]) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units.

        `work` is a function of a module, or a `partial` of one, and safe to repeat: a unit whose process was killed is
        tried again. An error that it raises ends the run as it is. Raises `StageFailed` naming the units that end every
        process they are tried in, after all others are done, and `EngineUnavailable` when the workers are gone.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def module_of(work: Callable[..., object]) -> str:
    """Where the function lies that does the work, also with some of its arguments filled in."""
    while isinstance(work, partial):
        work = work.func
    return work.__module__


def killers(names: Sequence[str]) -> StageFailed:
    """The error of units that ended every process they were tried in."""
    listed = ", ".join(names[:LISTED]) + (" …" if len(names) > LISTED else "")
    return StageFailed(
        f"{len(names)} unit(s) of work ended every process they were tried in: {listed}. That is most often a lack of "
        "memory: give the workers more of it, then retry the run; all other units are done and kept."
    )
