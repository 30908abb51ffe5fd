"""The registry keeps one version a bundle, moves aliases to complete versions only, remembers production."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest

from wafer.errors import ModelNotFound, NoProductionModel, RegistryUnavailable
from wafer.evaluation.decision import Floor, PromotionDecision
from wafer.evaluation.quality import Figures
from wafer.registry import ChildRun, LearnedFrom, Registry, TrainingRecord, open_registry
from wafer.registry.registry import MlflowRegistry

pytestmark = pytest.mark.slow  # each test opens an MLflow database, half a second


@pytest.fixture
def registry(tmp_path: Path, empty_registry: Path) -> Registry:
    (tmp_path / "mlflow.db").write_bytes(empty_registry.read_bytes())
    return open_registry(f"sqlite:///{tmp_path / 'mlflow.db'}")


def record(run_id: str) -> TrainingRecord:
    return TrainingRecord(
        run_id, {"digest": "d"}, {"seed": 0}, {"auc": 0.7}, [], [ChildRun("cluster-0-xgboost", {}, {"auc": 0.6})]
    )


def bundle(tmp_path: Path, content: str) -> Path:
    folder = tmp_path / f"bundle-{content}"
    folder.mkdir(exist_ok=True)
    (folder / "file.txt").write_text(content)
    return folder


def register(registry: Registry, tmp_path: Path, content: str) -> int:
    parent = registry.log_training(record(f"train-{content}"))
    return registry.register(bundle(tmp_path, content), f"digest-{content}", parent, f"train-{content}").version


def test_without_a_promoted_version_the_error_says_what_to_do(registry: Registry) -> None:
    assert registry.versions() == []
    assert registry.production() is None

    with pytest.raises(NoProductionModel, match="wafer train"):
        registry.require_production()


def test_a_bundle_registered_twice_is_one_version(registry: Registry, tmp_path: Path) -> None:
    first = register(registry, tmp_path, "a")
    again = registry.register(bundle(tmp_path, "a"), "digest-a", registry.log_training(record("train-b")), "train-b")

    assert again.version == first
    assert again.run_id == "train-a"


def test_a_training_recorded_twice_is_one_run_with_its_children(registry: Registry) -> None:
    assert registry.log_training(record("train-a")) == registry.log_training(record("train-a"))


def test_a_file_of_the_training_is_found_again_by_the_version(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("the rows of a")
    parent = registry.log_training(replace(record("train-a"), files=[tmp_path / "rows.txt"]))
    first = registry.register(bundle(tmp_path, "a"), "digest-a", parent, "train-a").version
    register(registry, tmp_path, "b")

    assert registry.fetch(first, "rows.txt", tmp_path / "fetched").read_text() == "the rows of a"


def test_a_training_shows_who_asked_how_long_it_took_and_what_it_learned_from(
    registry: MlflowRegistry, tmp_path: Path
) -> None:
    wafers = LearnedFrom("d" * 64, "s3://lake/training/train-a/InputFile.csv", 1137, 67, ["Sensor - 1"])
    started = time.time() - 3600
    parent = registry.log_training(replace(record("train-a"), learned_from=wafers, started=started, user="mara"))
    (tmp_path / "report.html").write_text("promoted")

    registry.add_files(parent, [tmp_path / "report.html"])

    run = registry._client.get_run(parent)
    assert run.data.tags["mlflow.user"] == "mara"
    assert run.data.tags["mlflow.source.name"] == "wafer train"
    assert run.info.end_time - run.info.start_time == pytest.approx(3_600_000, abs=60_000)
    assert [each.path for each in registry._client.list_artifacts(parent)] == ["report.html"]
    (learned,) = run.inputs.dataset_inputs if run.inputs else []
    assert json.loads(learned.dataset.source) == {"uri": wafers.address}
    assert json.loads(learned.dataset.profile or "") == {"num_rows": 1137, "failures": 67}
    assert [tag.value for tag in learned.tags] == ["training"]


def test_production_moves_and_rolls_back_in_the_order_of_promotion(registry: Registry, tmp_path: Path) -> None:
    first, second = (register(registry, tmp_path, name) for name in "ab")

    registry.promote(first)
    registry.promote(second)
    assert registry.require_production().version == second
    registry.rollback()

    assert registry.require_production().version == first
    assert registry.history() == [first]
    with pytest.raises(ModelNotFound, match="roll back"):
        registry.rollback()


def test_promoting_an_unknown_version_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    registry.promote(register(registry, tmp_path, "a"))

    with pytest.raises(ModelNotFound, match="wafer models"):
        registry.promote(99)

    assert registry.require_production().version == 1


def test_the_decision_stays_with_its_version(registry: Registry, tmp_path: Path) -> None:
    version = register(registry, tmp_path, "a")
    decision = PromotionDecision(
        run_id="run-a",
        model_version=version,
        digest="a",
        promoted=False,
        reason="no flag",
        floors=(Floor(name="flagged wafers", value=0.0, limit=0.0, meaning="nothing is found"),),
        comparison=None,
        metrics=Figures(0.5, 0.06, 0.5, 0.0, 0.0, 0.1, 0.0),
        wafers=1137,
        failures=67,
        after_promotion=3,
    )

    registry.decide(decision)
    registry.stage(version)

    found = registry.version(version)
    assert found.decision == decision
    assert found.aliases == ("staging",)


def test_the_bytes_that_come_back_are_the_bytes_registered(registry: Registry, tmp_path: Path) -> None:
    version = register(registry, tmp_path, "a")

    fetched = registry.download(version, tmp_path / "fetched")

    assert {path.name: path.read_text() for path in fetched.iterdir()} == {"file.txt": "a"}


def test_a_registry_that_does_not_answer_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(RegistryUnavailable, match=r"127\.0\.0\.1:9") as caught:
        open_registry("http://user:secret@127.0.0.1:9").versions()

    assert "secret" not in caught.value.message
    assert caught.value.retry_helps


def test_opening_a_registry_changes_nothing_of_the_process(tmp_path: Path, empty_registry: Path) -> None:
    (tmp_path / "another.db").write_bytes(empty_registry.read_bytes())
    before = dict(os.environ), mlflow.get_tracking_uri(), mlflow.get_registry_uri()

    open_registry(f"sqlite:///{tmp_path / 'another.db'}")

    assert (dict(os.environ), mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before


def test_two_contracts_have_models_of_their_own_in_one_registry(registry: Registry, tmp_path: Path) -> None:
    other = open_registry(registry.uri, "line-b")
    first = register(registry, tmp_path, "a")
    registry.promote(first)

    with pytest.raises(NoProductionModel, match="wafer train DIR --contract line-b"):
        other.require_production()
    again = register(other, tmp_path, "b")
    other.promote(again)

    assert (registry.model, other.model) == ("wafer-fault", "wafer-fault-line-b")
    assert [each.digest for each in registry.versions()] == ["digest-a"]
    assert [each.digest for each in other.versions()] == ["digest-b"]
    assert registry.require_production().digest == "digest-a"
    assert other.require_production().digest == "digest-b"
    assert [len(each.promotions()) for each in (registry, other)] == [1, 1]
