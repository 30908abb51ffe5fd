"""A third family of models is one file and one line in the recipe: this one exists only here."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from pred_pipeline.stage import predict_wafers
from tests.faults.line import make_line, write_drop
from tests.promoted import promote_into
from wafer.model import ModelBundle, load_bundle
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.held_out import joined_whole_and_folds, whole_and_folds
from wafer.model.families.protocol import Family, FitPlan, Fitted, Piece
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet, training_set
from wafer.progress import listening
from wafer.registry import open_registry
from wafer.wafers.arrays import Features, Floats, read_wafers

pytestmark = pytest.mark.slow  # a training


@dataclass(frozen=True)
class StraightModel:
    """A weight a feature."""

    middle: Floats
    weights: Floats

    def score(self, features: Features) -> Floats:
        return np.asarray(self.contributions(features).sum(axis=1))

    def contributions(self, features: Features) -> Floats:
        return np.asarray((features - self.middle) * self.weights, dtype=np.float64)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"middle": self.middle.tolist(), "weights": self.weights.tolist()}))


@dataclass(frozen=True)
class Straight:
    """Looks only at the distance between the means of failing and passing wafers."""

    name: ClassVar[str] = "straight"
    label: ClassVar[str] = "Straight line"
    colour: ClassVar[str] = "#7c3aed"
    file: ClassVar[str] = "straight.json"
    prefix: ClassVar[str] = "straight_"
    packages: ClassVar[tuple[str, ...]] = ()

    shrinkage: float = 1.0

    def fit(self, training: TrainingSet, seed: int) -> StraightModel:
        features = training.features.astype(np.float64)
        passing, failing = (
            np.average(features[rows], axis=0, weights=training.weight[rows])
            for rows in (~training.failed, training.failed)
        )
        return StraightModel(passing, (failing - passing) / (features.var(axis=0) + self.shrinkage))

    def steps(self, rows: int) -> int:
        return 0

    def pieces(self, training: TrainingSet, plan: FitPlan) -> Sequence[Piece]:
        return whole_and_folds(self, training, plan)

    def joined(self, training: TrainingSet, files: Sequence[Path]) -> Fitted:
        return joined_whole_and_folds(self, training, files)

    def lighter(self) -> "Straight":
        return self

    def load(self, path: Path) -> StraightModel:
        found = json.loads(path.read_text())
        return StraightModel(np.array(found["middle"]), np.array(found["weights"]))


QUICK: tuple[Family, ...] = (RandomForest(trees=20, trees_cluster=10), BoostedTrees(rounds=10))


@dataclass(frozen=True)
class Trained:
    folder: Path
    export: Path
    bundle: ModelBundle
    told: list[str]  # how far the promotion has come


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Iterator[Trained]:
    """Every stage of a training whose recipe has one family more, which serves."""
    folder = tmp_path_factory.mktemp("third")
    shutil.copyfile(empty_registry, folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wafer.model.recipe.FAMILIES", (Straight(), *QUICK))  # the line in the recipe
        line = make_line(folder, write_drop(folder / "drop"), Recipe(family_confidence=99.0, max_clusters=1))
        told = list[str]()
        with listening(lambda progress: told.append(str(progress))):
            promote_into(open_registry(f"sqlite:///{folder / 'mlflow.db'}"), folder, line)
        yield Trained(folder, line.parts.export, load_bundle(folder / "bundle"), told)


def test_it_trains_is_kept_as_its_own_file_and_serves(trained: Trained) -> None:
    wafers = read_wafers(trained.export)

    scores = trained.bundle.score(wafers)

    assert (trained.folder / "bundle" / "global" / "straight.json").is_file()
    assert trained.bundle.cluster_models[0].family == "straight"
    assert wafers.failed is not None
    assert scores.probability[wafers.failed].mean() > 2 * scores.probability[~wafers.failed].mean()


def test_its_knobs_come_back_with_the_bundle(trained: Trained) -> None:
    assert trained.bundle.recipe.family("straight") == Straight()
    assert [family.name for family in trained.bundle.recipe.families] == ["straight", "random_forest", "xgboost"]


def test_its_promotion_tells_how_far_it_has_come(trained: Trained) -> None:
    assert "240 of 240 wafers compared" in trained.told


def test_it_explains_its_scores(trained: Trained) -> None:
    wafers = read_wafers(trained.export)

    pushed = trained.bundle.explain(wafers)

    log_odds = trained.bundle.score(wafers).log_odds
    np.testing.assert_allclose(pushed.sum(axis=1) - pushed[0].sum(), log_odds - log_odds[0], atol=1e-9)


def test_people_read_its_name_in_every_report(trained: Trained) -> None:
    predict_wafers(trained.export, trained.folder / "bundle", trained.folder / "out", model_version="1", run_id="r")

    pages = ("member-0.html", "report.html", "out/report.html")

    assert {page: Straight.label in (trained.folder / page).read_text() for page in pages} == dict.fromkeys(pages, True)


def test_it_keeps_the_protocol_of_a_family(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    training = training_set(rng.normal(size=(60, 3)).astype(np.float32), np.arange(60) % 3 == 0, np.arange(60) // 3 % 3)

    pieces = Straight().pieces(training, FitPlan(seed=1, in_cluster=False))
    for piece in pieces:
        piece.work(training, tmp_path / piece.name)
    fitted = Straight().joined(training, [tmp_path / piece.name for piece in pieces])

    assert np.isfinite(fitted.scores).all()
