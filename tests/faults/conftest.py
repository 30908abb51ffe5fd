"""The line and its embedded world, made once; a fresh copy of the world for every fault."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.faults.line import Line, make_line, write_drop
from tests.faults.world import World

Told = Callable[..., None]


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    folder = tmp_path_factory.mktemp("line")
    return make_line(folder / "made", write_drop(folder / "drop"))


@pytest.fixture
def new_world(tmp_path: Path, empty_registry: Path) -> Callable[[], tuple[World, Path]]:
    """Make an empty embedded world, and a folder next to it for what a stage writes."""
    numbers = count()

    def make() -> tuple[World, Path]:
        folder = tmp_path / f"world-{next(numbers)}"
        (folder / "mlflow").mkdir(parents=True)
        shutil.copyfile(empty_registry, folder / "mlflow" / "mlflow.db")
        return World.below(folder), folder

    return make


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Told:
    """Put a row into the table of `make faults`: fault, number of tries, result, what was checked."""

    def row(fault: str, tries: int, result: str, checked: str) -> None:
        record_property("fault", [fault, tries, result, checked])

    return row
