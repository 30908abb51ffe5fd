"""A stage killed before or after any call it makes to the store, the documents or the registry, and run again."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Told
from tests.faults.line import Line
from tests.faults.scale import sample, scaled
from tests.faults.stages import Death, run
from tests.faults.world import World, state

pytestmark = pytest.mark.slow  # a line is made, and stages run in processes of their own

NewWorld = Callable[[], tuple[World, Path]]
BEFORE = {"promote": ["load"], "select_model": ["load", "promote"]}  # what has to be there
FEW = {"validate": 4, "load": 4, "promote": 4, "outcome": 2, "select_model": 1, "publish": 3}  # in `make test`
PARTS = {"promote": 6}  # so that no single test takes many minutes
CASES = [(name, part) for name in FEW for part in range(scaled(1, PARTS.get(name, 1)))]


@pytest.fixture
def prepared(new_world: NewWorld, line: Line) -> Callable[[str], tuple[World, Path]]:
    def make(name: str) -> tuple[World, Path]:
        world, folder = new_world()
        for earlier in BEFORE.get(name, []):
            assert run(earlier, line, world, folder / earlier).code == 0
        return world, folder

    return make


@pytest.mark.parametrize(("name", "part"), CASES)
def test_a_stage_killed_around_any_call_ends_as_if_nothing_had_happened(
    name: str, part: int, line: Line, prepared: Callable[[str], tuple[World, Path]], tell: Told
) -> None:
    world, folder = prepared(name)
    whole = run(name, line, world, folder / "whole")
    assert whole.code == 0, (folder / "whole" / "log.txt").read_text()
    expected = state(world)
    deaths = [Death(call, moment) for call in range(1, len(whole.calls) + 1) for moment in ("before", "after")]

    chosen = sample(deaths, FEW[name])[part :: scaled(1, PARTS.get(name, 1))]
    for death in chosen:
        world, folder = prepared(name)
        killed = run(name, line, world, folder / "killed", death)
        state(world)  # verifies what readers see of the half-done
        again = run(name, line, world, folder / "again")
        once_more = run(name, line, world, folder / "once-more")

        assert (killed.code, again.code, once_more.code) == (-signal.SIGKILL, 0, 0), (death, whole.calls)
        assert state(world) == expected, (death, whole.calls[death.call - 1])
    checked = "published folders by sha256, documents, versions, aliases, history and runs equal; a repeat too"
    tell(f"{name} killed around each of {len(whole.calls)} calls", len(chosen), "same result", checked)


def test_a_stage_of_a_retried_run_has_one_record(line: Line, prepared: Callable[[str], tuple[World, Path]]) -> None:
    world, folder = prepared("load")

    run("load", line, world, folder / "killed", Death(2, "after"))
    run("load", line, world, folder / "again")

    records: list[dict[str, Any]] = [
        json.loads(path.read_text()) for path in Path(world.store).glob("kfp/run-1/stages/*")
    ]
    assert [(each["stage"], each["state"]) for each in records] == [("load", "succeeded")]
