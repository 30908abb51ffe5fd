"""One contract for the versions of the model: MLflow's on SQLite, and the fake that the service's tests use."""

import shutil
from pathlib import Path

import pytest

from application.api.registry import LazyRegistry
from application.tests.fakes import FakeRegistry, write_bundle
from wafer.errors import ModelNotFound, ProductionChanged
from wafer.model.files import verify_bundle
from wafer.registry import PRODUCTION, ByHand, ModelVersions, TrainingRecord, open_registry


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Path:
    """An MLflow database with two versions that came into production in turn."""
    folder = tmp_path_factory.mktemp("registry")
    shutil.copyfile(empty_registry, folder / "mlflow.db")
    registry = open_registry(f"sqlite:///{folder / 'mlflow.db'}")
    for number in (1, 2):
        bundle = folder / f"bundle-{number}"
        digest = write_bundle(bundle, number)
        parent = registry.log_training(TrainingRecord(f"train-{number}", {}, {}, {}, []))
        registry.promote(registry.register(bundle, digest, parent, f"train-{number}").version)
    return folder / "mlflow.db"


@pytest.fixture(params=["fake", pytest.param("mlflow", marks=pytest.mark.slow)])  # half a second each
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> ModelVersions:
    """Two versions of which the second is in production, and the first was before."""
    if request.param == "fake":
        return FakeRegistry()
    made: Path = request.getfixturevalue("two_versions")
    (tmp_path / "mlflow.db").write_bytes(made.read_bytes())
    return LazyRegistry(f"sqlite:///{tmp_path / 'mlflow.db'}")


def in_production(registry: ModelVersions) -> list[int]:
    return [each.version for each in registry.versions() if PRODUCTION in each.aliases]


def test_versions_come_oldest_first_each_with_its_run_and_its_own_bundle(registry: ModelVersions) -> None:
    found = registry.versions()

    assert [(each.version, each.run_id) for each in found] == [(1, "train-1"), (2, "train-2")]
    assert len({each.digest for each in found}) == 2
    assert found == [registry.version(1), registry.version(2)]


def test_the_version_that_came_last_is_the_one_in_production(registry: ModelVersions) -> None:
    assert registry.history() == [1, 2]
    assert in_production(registry) == [2]


def test_a_version_nobody_registered_is_not_found_and_not_promoted(registry: ModelVersions) -> None:
    for ask in (registry.version, registry.promote):
        with pytest.raises(ModelNotFound):
            ask(99)

    assert registry.history() == [1, 2]


def test_a_promotion_moves_production_and_is_remembered(registry: ModelVersions) -> None:
    promoted = registry.promote(1)

    assert (promoted.version, promoted.aliases) == (1, (PRODUCTION,))
    assert registry.history() == [1, 2, 1]
    assert in_production(registry) == [1]


def test_promoting_what_is_in_production_changes_nothing(registry: ModelVersions) -> None:
    assert registry.promote(2).aliases == (PRODUCTION,)

    assert registry.history() == [1, 2]


def test_a_rollback_puts_back_what_was_there_before_and_forgets_what_came(registry: ModelVersions) -> None:
    registry.promote(1)

    assert registry.rollback().version == 2
    assert registry.rollback().version == 1

    assert registry.history() == [1]
    assert in_production(registry) == [1]


def test_a_change_that_expected_another_version_changes_nothing(registry: ModelVersions) -> None:
    assert registry.promote(1, ByHand(expected=2)).version == 1
    assert registry.rollback(ByHand(expected=1)).version == 2

    with pytest.raises(ProductionChanged, match=r"Version 2 is in production, but .* version 1 is in production"):
        registry.rollback(ByHand(expected=1))
    with pytest.raises(ProductionChanged, match="no version is in production"):
        registry.promote(1, ByHand(expected=0))

    assert registry.history() == [1, 2]
    assert in_production(registry) == [2]


def test_the_log_keeps_who_changed_production_and_in_which_words(registry: ModelVersions) -> None:
    registry.promote(1, ByHand("anna", "lot 7 looks wrong"))
    registry.rollback(ByHand("ben"))

    changes = registry.promotions()[2:]
    assert [(each.version, each.undoes, each.who, each.why) for each in changes] == [
        (1, False, "anna", "lot 7 looks wrong"),
        (2, True, "ben", ""),
    ]


def test_the_first_version_ever_in_production_cannot_be_rolled_back(registry: ModelVersions) -> None:
    registry.rollback()

    with pytest.raises(ModelNotFound):
        registry.rollback()
    assert in_production(registry) == [1]


def test_the_bundle_that_comes_down_is_the_one_the_version_names(registry: ModelVersions, tmp_path: Path) -> None:
    fetched = registry.download(1, tmp_path / "fetched")

    assert fetched.is_relative_to(tmp_path / "fetched")
    verify_bundle(fetched, expected_digest=registry.version(1).digest)
