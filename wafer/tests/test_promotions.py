"""Everybody who promotes at once agrees on who is in production, and nobody overrules what he never saw."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wafer.errors import NotWaiting, RegistryUnavailable
from wafer.evaluation.decision import PromotionDecision
from wafer.evaluation.quality import Figures
from wafer.registry import PRODUCTION, ByHand, Registry, TrainingRecord
from wafer.registry.promotion_log import Promotion, in_force, last_number, versions_in_order
from wafer.registry.registry import MlflowRegistry

pytestmark = pytest.mark.slow  # each test opens an MLflow database, half a second

AT_ONCE = """
import multiprocessing, sys
import mlflow.store.model_registry.sqlalchemy_store, mlflow.store.tracking.sqlalchemy_store  # once for all of them
from wafer.registry import open_registry

def take_over(version):
    registry = open_registry(sys.argv[1])
    last = registry.last_promotion()
    decided.wait(60)
    if registry.take_over(version, after=last, by=f"run-{version}"):
        print(version, flush=True)

processes = multiprocessing.get_context("fork")
decided = processes.Barrier(3)
started = [processes.Process(target=take_over, args=(version,)) for version in (1, 2, 3)]
for each in started:
    each.start()
for each in started:
    each.join(60)
assert [each.exitcode for each in started] == [0, 0, 0]
"""


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Path:
    """An embedded MLflow that knows three versions."""
    folder = tmp_path_factory.mktemp("registry")
    shutil.copyfile(empty_registry, folder / "mlflow.db")
    registry = MlflowRegistry(f"sqlite:///{folder / 'mlflow.db'}")
    for name in "abc":
        register(registry, folder, name)
    return folder / "mlflow.db"


@pytest.fixture
def uri(tmp_path: Path, three_versions: Path) -> str:
    (tmp_path / "mlflow.db").write_bytes(three_versions.read_bytes())
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def register(registry: Registry, folder: Path, name: str) -> int:
    bundle = folder / f"bundle-{name}"
    bundle.mkdir()
    (bundle / "file.txt").write_text(name)
    parent = registry.log_training(TrainingRecord(f"run-{name}", {}, {}, {}, []))
    return registry.register(bundle, f"digest-{name}", parent, f"run-{name}").version


@dataclass
class Log:
    """The log as its writers see it: entries get their numbers in the order of arrival."""

    entries: list[Promotion] = field(default_factory=list)

    def add(self, after: int, version: int) -> Promotion:
        self.entries.append(Promotion(len(self.entries) + 1, after, version, f"run-{version}"))
        return self.entries[-1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=40))
def test_a_promotion_counts_exactly_when_nothing_came_in_between(moves: list[tuple[int, int]]) -> None:
    log, seen = Log(), [0, 0, 0, 0]

    for version, (writer, pause) in enumerate(moves, start=1):
        if pause:  # this writer looks again; otherwise it acts on what it saw long ago
            seen[writer] = last_number(in_force(log.entries))
        before = last_number(in_force(log.entries))
        entry = log.add(seen[writer], version)
        assert (entry in in_force(log.entries)) == (seen[writer] == before)

    counted = in_force(log.entries)
    assert [each.after for each in counted] == [0, *(each.number for each in counted)][: len(counted)]


def test_what_was_rolled_back_is_no_longer_in_the_order() -> None:
    log = [Promotion(1, 0, 1, "a"), Promotion(2, 1, 2, "b"), Promotion(3, 2, 1, "c", undoes=True)]

    assert versions_in_order(in_force(log)) == [1]
    assert versions_in_order(in_force([*log, Promotion(4, 3, 3, "d")])) == [1, 3]


def test_a_decision_about_a_model_that_was_replaced_meanwhile_changes_nothing(uri: str) -> None:
    registry = MlflowRegistry(uri)
    seen_by_the_older = registry.last_promotion()
    assert registry.take_over(2, after=seen_by_the_older, by="newer")

    assert not registry.take_over(1, after=seen_by_the_older, by="older")

    assert registry.require_production().version == 2
    assert registry.history() == [2]


def test_a_promotion_repeated_after_a_newer_one_does_not_undo_it(uri: str) -> None:
    registry = MlflowRegistry(uri)
    assert registry.take_over(1, after=0, by="older")
    assert registry.take_over(2, after=registry.last_promotion(), by="newer")

    assert registry.take_over(1, after=0, by="older")  # its process was killed and runs again

    assert registry.require_production().version == 2
    assert registry.history() == [1, 2]


def test_a_promotion_by_hand_and_a_rollback_are_in_the_same_order(uri: str) -> None:
    registry = MlflowRegistry(uri)
    for version in (1, 2, 3, 1):
        registry.promote(version)

    assert registry.history() == [1, 2, 3, 1]
    assert registry.rollback().version == 3
    assert registry.promote(3).aliases == (PRODUCTION,)
    assert registry.history() == [1, 2, 3]


def test_an_alias_left_behind_by_a_killed_promotion_is_put_right_by_its_retry(uri: str) -> None:
    registry = MlflowRegistry(uri)
    registry.take_over(1, after=0, by="older")
    registry.take_over(2, after=registry.last_promotion(), by="newer")
    registry._client.set_registered_model_alias("wafer-fault", PRODUCTION, "1")  # as the older one was about to do

    registry.take_over(1, after=0, by="older")

    assert registry.require_production().version == 2


def test_a_call_repeated_because_its_answer_was_lost_leaves_one_version_and_one_run(uri: str, tmp_path: Path) -> None:
    registry = MlflowRegistry(uri)
    first = registry.versions()[0]
    again = registry._client.get_model_version("wafer-fault", "1")
    registry._client.create_model_version("wafer-fault", "models:/wafer-fault/1", tags=again.tags)
    experiment = registry._experiment()
    for _ in range(2):
        registry._client.create_run(experiment, run_name="lost", tags={"wafer_run_id": "lost"})

    registry.log_training(TrainingRecord("lost", {}, {}, {}, []))

    assert [each.digest for each in registry.versions()].count(first.digest) == 1
    runs = registry._client.search_runs([experiment], "tags.wafer_run_id = 'lost'")
    assert [run.info.status for run in runs] == ["FINISHED"]


def test_a_decision_is_about_the_last_promotion_even_while_the_alias_is_still_behind(uri: str) -> None:
    registry = MlflowRegistry(uri)
    registry.take_over(1, after=0, by="older")
    registry.take_over(2, after=registry.last_promotion(), by="newer")
    registry._client.set_registered_model_alias("wafer-fault", PRODUCTION, "1")

    last, champion = registry.champion()

    assert champion
    assert (last, champion.version) == (registry.last_promotion(), 2)


def test_the_newest_challenger_keeps_its_name(uri: str) -> None:
    registry = MlflowRegistry(uri)

    registry.stage(3)
    registry.stage(2)

    assert [each.version for each in registry.versions() if "staging" in each.aliases] == [3]


def decided(version: int, *, waits: bool) -> PromotionDecision:
    figures = Figures(0.75, 0.2, 0.35, 0.3, 0.1, 0.3, 0.05)
    return PromotionDecision(
        run_id=f"run-{version}",
        model_version=version,
        digest="d",
        promoted=False,
        reason="It waits.",
        floors=(),
        comparison=None,
        metrics=figures,
        wafers=100,
        failures=10,
        mode="candidate",
        waits=waits,
    )


def test_the_newest_version_that_waits_is_the_candidate_until_it_or_a_newer_one_came_into_production(uri: str) -> None:
    registry = MlflowRegistry(uri)
    registry.promote(1)
    assert registry.candidate() is None
    registry.decide(decided(2, waits=True))
    registry.decide(decided(3, waits=False))  # not good enough: nobody is asked about it

    candidate = registry.candidate()
    assert candidate
    assert candidate.version == 2
    registry.promote(2)
    assert registry.candidate() is None
    registry.rollback()
    assert registry.candidate() is None  # a person has seen it


def test_a_declined_version_waits_no_longer_and_says_who_declined_it(uri: str) -> None:
    registry = MlflowRegistry(uri)
    registry.decide(decided(2, waits=True))
    with pytest.raises(NotWaiting, match="version 2 does"):
        registry.decline(1)

    registry.decline(2, ByHand("ada", "It flags a third of lot 7."))

    declined = registry.version(2).declined
    assert declined
    assert (declined.who, declined.why) == ("ada", "It flags a third of lot 7.")
    assert registry.candidate() is None
    with pytest.raises(NotWaiting, match="none does"):
        registry.decline(2)


def test_of_processes_that_decided_against_the_same_model_one_promotes(uri: str) -> None:
    command = [sys.executable, "-c", AT_ONCE, uri]
    (winner,) = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())

    registry = MlflowRegistry(uri)
    assert registry.history() == [winner]
    assert registry.require_production().version == winner


def test_on_a_server_too_of_many_promotions_at_once_one_counts(mlflow_server: str, tmp_path: Path) -> None:
    registry = MlflowRegistry(mlflow_server)
    versions = [register(registry, tmp_path, f"{tmp_path.name}-{name}") for name in "ab"]
    last = registry.last_promotion()

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda n: registry.take_over(versions[n % 2], after=last, by=f"{tmp_path}-{n}"), range(4)))

    assert won.count(True) == 1
    assert registry.require_production().version == versions[won.index(True) % 2]
    assert len([each for each in registry._all_of("wafer-fault-production") if int(each.tags["after"]) == last]) >= 1


@pytest.mark.parametrize("wish", ["put version 1 into production", "roll back"])
def test_who_is_always_overtaken_is_told_so(uri: str, wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = MlflowRegistry(uri)
    for version in (2, 3):
        registry.promote(version)
    monkeypatch.setattr("wafer.registry.patience.LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(registry, "_add", lambda entry: False)  # somebody else's promotion came first

    with pytest.raises(RegistryUnavailable, match=f"Could not {wish}: other promotions") as caught:
        registry.rollback() if wish == "roll back" else registry.promote(1)

    assert caught.value.retry_helps
    assert registry.history() == [2, 3]
