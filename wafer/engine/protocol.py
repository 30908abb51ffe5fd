"""What an engine does, and how it says that units could not be done."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, Protocol, Self, TypeVar

from wafer.engine.given import Given
from wafer.errors import StageFailed

LISTED = 5
TOLD_SECONDS = 1.0  # at most so often another process tells the steps of a unit


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

    @property
    def shares_files(self) -> bool:
        """Whether units read the files of this machine in place; else each file given to one travels."""
        ...

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """Let units read files of this machine, which stay as they are until the block ends."""
        ...

    def run(self, work: Callable[Concatenate[U, ...], R], units: Sequence[U], *folders: Path) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units.

        `work` is called with the unit and as many folders as are given here, and writes its files into those, under
        names that no other unit uses. When an answer comes, the unit's files are in `folders`. With folders, the unit,
        what is filled into the work, and the answer are plain data, and on a cluster what a unit has left is kept for
        the task's next attempt when this one fails.

        Steps that a unit tells `wafer.progress.advance` in another process advance this one too, up to the last second.

        `work` is a function of a module, or a `partial` of one, and safe to repeat: a unit whose process was killed is
        tried again. An error that it raises ends the run as it is. Raises `StageFailed` naming the units that end every
        process they are tried in, after all others are done, and `EngineUnavailable` when the workers are gone.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


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
        "memory: give the workers more of it, then retry the run; all other units are done."
    )
