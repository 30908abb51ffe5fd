"""A third family of models is one file and one line in the recipe: this one exists only here."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from clustering.stage import cluster_wafers
from model_training.stage import fit_global_models, train_cluster
from pred_pipeline.stage import predict_wafers
from preprocessing_train.stage import fit_preprocessor
from wafer.model import ModelBundle, assemble_bundle
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.held_out import begin_with_folds
from wafer.model.families.protocol import Family, FitPlan, Fitted
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet, training_set
from wafer.wafers.arrays import EXPORT_FILE, Features, Floats, read_wafers
from wafer.wafers.table import WaferColumns, wafers_writer


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

    def begin(self, training: TrainingSet, plan: FitPlan) -> Callable[[], Fitted]:
        return begin_with_folds(self, training, plan)

    def load(self, path: Path) -> StraightModel:
        found = json.loads(path.read_text())
        return StraightModel(np.array(found["middle"]), np.array(found["weights"]))


QUICK: tuple[Family, ...] = (RandomForest(trees=20, trees_cluster=10), BoostedTrees(rounds=10))


@dataclass(frozen=True)
class Trained:
    folder: Path
    export: Path
    bundle: ModelBundle


def _export(folder: Path) -> Path:
    rng = np.random.default_rng(4)
    failed = np.arange(240) % 5 == 0
    readings = rng.normal(size=(240, 6)) + failed[:, None] * np.array([2.0, 1.0, 0, 0, 0, 0])
    columns = WaferColumns("Wafer", tuple(f"Sensor - {i}" for i in range(1, 7)), "Output")
    texts = {name: [f"{name}-{row}" for row in range(240)] for name in ("_id", "file", "sha256", "Wafer")}
    data = texts | dict(zip(columns.sensors, readings.T, strict=True)) | {"Output": failed.astype(np.int8)}
    table = pa.table(data, columns.schema(kind="training", contract="c"))
    with wafers_writer(folder / EXPORT_FILE, table.schema) as writer:
        writer.write_table(table)
    return folder


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Every stage of a training whose recipe has one family more, which serves."""
    monkeypatch.setattr("wafer.model.recipe.FAMILIES", (Straight(), *QUICK))  # the line in the recipe
    recipe = Recipe(family_confidence=99.0, max_clusters=1)
    export, training = _export(tmp_path / "export"), tmp_path / "training.parquet"
    before, clusters, models, own = (tmp_path / name for name in ("preprocessor", "clusters", "global", "own"))
    fit_preprocessor(export, before, training, recipe)
    cluster_wafers(training, before, clusters, tmp_path / "clusters.parquet", tmp_path / "elbow.html", recipe)
    fit_global_models(training, before, models, recipe)
    train_cluster(0, training, before, clusters, models, own, tmp_path / "cluster.html")
    bundle = assemble_bundle(
        preprocessor_dir=before,
        cluster_model_dir=clusters,
        global_dir=models,
        member_dirs=[own],
        out=tmp_path / "bundle",
    )
    return Trained(tmp_path, export, bundle)


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


def test_it_explains_its_scores(trained: Trained) -> None:
    wafers = read_wafers(trained.export)

    pushed = trained.bundle.explain(wafers)

    log_odds = trained.bundle.score(wafers).log_odds
    np.testing.assert_allclose(pushed.sum(axis=1) - pushed[0].sum(), log_odds - log_odds[0], atol=1e-9)


def test_people_read_its_name_in_every_report(trained: Trained) -> None:
    predict_wafers(trained.export, trained.folder / "bundle", trained.folder / "out", model_version="1", run_id="r")

    pages = [trained.folder / "cluster.html", trained.folder / "out" / "report.html"]

    assert [Straight.label in page.read_text() for page in pages] == [True, True]


def test_it_keeps_the_protocol_of_a_family() -> None:
    rng = np.random.default_rng(0)
    training = training_set(rng.normal(size=(60, 3)).astype(np.float32), np.arange(60) % 3 == 0, np.arange(60) // 3 % 3)

    with ThreadPoolExecutor(1) as pool:
        fitted = Straight().begin(training, FitPlan(seed=1, in_cluster=False, n_jobs=1, pool=pool))()

    assert np.isfinite(fitted.scores).all()
