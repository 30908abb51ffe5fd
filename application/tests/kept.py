"""The ledger and its journal in each place where they can be kept."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Protocol, TypeVar

import pytest


class _Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closes)
Shared = TypeVar("Shared")
PLACES = ["sqlite", "dynamodb"]


def kept(
    request: pytest.FixtureRequest, folder: Path, in_file: Callable[[Path], T], in_table: Callable[[str], Shared]
) -> Iterator[T | Shared]:
    """One in the place that the fixture's parameter names."""
    if request.param == "dynamodb":
        yield in_table(request.getfixturevalue("table"))
        return
    opened: AbstractContextManager[T] = closing(in_file(folder / "ledger.sqlite"))
    with opened as made:
        yield made
