"""Two trainings end at once, or in the wrong order: the better model predicts."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults.conftest import Told
from tests.faults.line import Line, make_line, write_drop
from tests.faults.scale import scaled
from tests.faults.stages import Death, Ended, run, start
from tests.faults.world import World
from tests.servers.parts import start_mlflow
from wafer.registry import open_registry
from wafer.store import open_store

pytestmark = pytest.mark.slow  # a line is made, and stages run in processes of their own

NewWorld = Callable[[], tuple[World, Path]]


@dataclass(frozen=True, slots=True)
class Trainings:
    """One on a single batch, and one on this batch and five more, which is what should predict."""

    small: Line
    large: Line


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    folder = tmp_path_factory.mktemp("trainings")
    small, large = (
        make_line(folder / f"of-{files}", write_drop(folder / f"drop-{files}", files=files)) for files in (1, 6)
    )
    return Trainings(small, large)


@pytest.fixture(params=scaled(["sqlite"], ["sqlite", "server"]))
def loaded(
    request: pytest.FixtureRequest, new_world: NewWorld, trainings: Trainings
) -> Iterator[Callable[[], tuple[World, Path]]]:
    """Make a world whose database holds the wafers of both; its registry is of each kind."""
    world, folder = new_world()
    assert run("load", trainings.large, world, folder / "load").code == 0
    if request.param == "sqlite":
        yield lambda: (world, folder)
        return
    with start_mlflow(folder / "server") as server:
        yield lambda: (replace(world, registry=server.url), folder)


def decision(world: World, run_id: str) -> dict[str, object]:
    return dict(json.loads(open_store(world.store).get(f"training/{run_id}/decision.json")))


def test_of_two_promotions_at_once_the_better_model_predicts(
    trainings: Trainings, loaded: Callable[[], tuple[World, Path]], tell: Told
) -> None:
    world, folder = loaded()

    both = [
        start("promote", line, world, folder / name, run_id=name)
        for name, line in (("large", trainings.large), ("small", trainings.small))
    ]
    assert [stage.wait().code for stage in both] == [0, 0], (folder / "small" / "log.txt").read_text()

    registry = open_registry(world.registry)
    production = registry.require_production()
    assert production.run_id == "large"
    assert registry.history()[-1] == production.version
    assert decision(world, "large")["promoted"]
    decided = {name: decision(world, name) for name in ("small", "large")}
    first = [name for name, each in decided.items() if "no version was in production" in str(each["reason"])]
    assert len(first) == 1  # the other one was compared with it
    tell("two trainings promote at once", 1, "the better version is in production", "alias, log, published decisions")


def test_a_run_that_decided_long_ago_does_not_overrule_a_newer_decision(
    trainings: Trainings, loaded: Callable[[], tuple[World, Path]], tell: Told
) -> None:
    world, folder = loaded()
    killed = killed_before_it_took_over(trainings.small, world, folder)
    assert killed.code < 0
    assert open_registry(world.registry).production() is None

    newer = run("promote", trainings.large, world, folder / "large", run_id="large")
    older = run("promote", trainings.small, world, folder / "small-again", run_id="small")

    registry = open_registry(world.registry)
    assert (newer.code, older.code) == (0, 0)
    assert registry.require_production().run_id == "large"
    assert registry.history() == [registry.require_production().version]
    assert not decision(world, "small")["promoted"]
    assert {each.run_id: each.aliases for each in registry.versions()}["small"] == ("staging",)
    tell("a killed run is retried after a newer promotion", 1, "decided again: not promoted", "alias, log, decisions")


def killed_before_it_took_over(line: Line, world: World, folder: Path) -> Ended:
    """Kill the promotion between its decision and its entry in the log of promotions."""
    like = World.below(folder / "trial")
    (folder / "trial" / "mlflow").mkdir(parents=True)
    trial = run("promote", line, replace(like, documents=world.documents), folder / "trial-out", run_id="small")
    added = [number for number, name in enumerate(trial.calls, start=1) if name.endswith(".create_model_version")]
    death = Death(added[-1], "before")
    return run("promote", line, world, folder / "killed", death, run_id="small")
