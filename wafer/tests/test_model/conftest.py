"""A small bundle made by hand from the parts the stages would write: two clusters, both families, twelve sensors."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier

from wafer.evaluation.metrics import measure
from wafer.model.assembly import (
    CLUSTERS,
    GLOBAL,
    NOVELTY,
    OUT_OF_FOLD,
    PREPROCESSOR,
    STATISTICS,
    TRAINED_CLUSTER,
    assemble_bundle,
)
from wafer.model.calibration import fit_calibration, probability_of
from wafer.model.clusters import PERCENTILES, Clustering, NoveltyLimits
from wafer.model.families.tree_model import TreeModel
from wafer.model.files import write_json
from wafer.model.novelty import NoveltyModel
from wafer.model.out_of_fold import InTime, OutOfFold, joined
from wafer.model.preprocessor import Dropped, DropReason, Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.scoring import ModelBundle
from wafer.model.statistics import StatisticsFile, sensor_statistics
from wafer.model.summaries import ClusterSummary, GlobalSummary
from wafer.model.usual import Pattern, Spans
from wafer.tests.forests import kept
from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import content_keys

SENSORS = tuple(f"Sensor - {i}" for i in range(1, 13))
KEPT = SENSORS[:10]
FAMILY: dict[int, str] = {0: "random_forest", 1: "xgboost"}


@dataclass(frozen=True)
class Parts:
    """Folders as the training stages leave them, and the wafers they were made from."""

    folder: Path
    wafers: Wafers

    def assemble(self, out: Path) -> ModelBundle:
        return assemble_bundle(
            preprocessor_dir=self.folder / "preprocessor",
            cluster_model_dir=self.folder / "clusters",
            global_dir=self.folder / "global",
            cluster_dirs=[self.folder / "cluster-1", self.folder / "cluster-0"],
            out=out,
            contract_digest="c0ffee",
        )


def make_wafers(count: int, seed: int = 0) -> Wafers:
    """Two groups of wafers; sensor 1 tells the groups apart, sensors 2 and 3 the failures, 5 % of the readings lack."""
    rng = np.random.default_rng(seed)
    readings = rng.normal(100.0, 5.0, size=(count, len(SENSORS)))
    failed = rng.random(count) < 0.2
    readings[:, 0] += 60.0 * (rng.random(count) < 0.4)
    readings[failed, 1:3] += 8.0
    readings[rng.random(readings.shape) < 0.05] = np.nan
    names = tuple(f"Wafer-{i}" for i in range(count))
    return Wafers(tuple(f"id{name}" for name in names), names, ("wafer_1.csv",) * count, SENSORS, readings, failed)


@pytest.fixture(scope="session")
def wafers_of() -> Callable[..., Wafers]:
    return make_wafers


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    folder, wafers = tmp_path_factory.mktemp("parts"), make_wafers(300)
    medians = np.nanmedian(wafers.columns(KEPT), axis=0)
    dropped = dict.fromkeys(SENSORS[10:], Dropped(DropReason.SILENT))
    preprocessor = Preprocessor(SENSORS, KEPT, tuple(medians.tolist()), KEPT[:1], dropped)
    write_json(folder / "preprocessor" / PREPROCESSOR, preprocessor)
    write_json(
        folder / "preprocessor" / STATISTICS,
        StatisticsFile.of(sensor_statistics(wafers.sensors, wafers.readings, wafers.known_failed)),
    )
    _novelty(wafers).save(folder / "preprocessor" / NOVELTY)
    model = _clusters(wafers, medians)
    write_json(folder / "clusters" / CLUSTERS, model)
    _trained_clusters(folder, wafers, preprocessor, model)
    return Parts(folder, wafers)


@pytest.fixture(scope="session")
def trained_on(parts: Parts) -> Wafers:
    return parts.wafers


@pytest.fixture(scope="session")
def part_folders(parts: Parts) -> Path:
    return parts.folder


@pytest.fixture(scope="session")
def assemble(parts: Parts) -> Callable[[Path], ModelBundle]:
    return parts.assemble


@pytest.fixture(scope="session")
def bundle(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    return parts.assemble(tmp_path_factory.mktemp("assembled") / "bundle")


@pytest.fixture
def folder(parts: Parts, tmp_path: Path) -> Path:
    """A sealed bundle of the test's own, to be tampered with."""
    parts.assemble(tmp_path / "bundle")
    return tmp_path / "bundle"


def _novelty(wafers: Wafers) -> NoveltyModel:
    """Sensors that read alone, so that the pattern expects the median of each."""
    low, middle, high = np.nanquantile(wafers.readings, [0.0, 0.5, 1.0], axis=0)
    alone = np.zeros((1, len(SENSORS)), np.float32)
    pattern = Pattern(SENSORS, middle, np.full(len(SENSORS), 10.0), alone[0], alone, 5.0)
    return NoveltyModel(Spans(SENSORS, low, high), 2.0, pattern, 2.0)


def _clusters(wafers: Wafers, medians: np.ndarray) -> Clustering:
    readings = wafers.columns(KEPT)
    first = np.eye(1, len(KEPT))
    draft = Clustering(
        sensors=KEPT,
        medians=medians,
        scales=np.full(len(KEPT), 10.0),
        clip=10.0,
        mean=np.zeros(len(KEPT)),
        components=first,
        centroids=np.array([[0.0], [6.0]]),
        distances=PERCENTILES,
        limits=NoveltyLimits(99.9, 0.6, margin=0.1),
    )
    return replace(draft, distances=np.quantile(draft.distance(readings), PERCENTILES / 100))


def _trained_clusters(folder: Path, wafers: Wafers, preprocessor: Preprocessor, model: Clustering) -> None:
    features, cluster = preprocessor.transform(wafers), model.assign(wafers)
    assert wafers.failed is not None
    write_json(folder / "global" / GLOBAL, GlobalSummary(Recipe(), {"xgboost": 0.7}, None, None))
    for family in FAMILY.values():
        _fit(family, features, wafers.failed, folder / "global", seed=1)
    for number, family in FAMILY.items():
        inside = cluster == number
        target = folder / f"cluster-{number}"
        target.mkdir()
        fitted = _fit(family, features, wafers.failed, target, seed=2)
        scores = fitted.score(features)[inside]
        calibration = fit_calibration(scores, wafers.failed[inside])
        rows = wafers.rows(inside)
        assert rows.failed is not None
        probability = probability_of(calibration.log_odds(scores))
        ids, names = pa.array(rows.ids), pa.array(rows.names)
        tested = InTime.unknown(len(rows))
        found = OutOfFold(content_keys(rows), ids, names, cluster[inside], rows.failed, probability, tested)
        joined([found]).save(target / OUT_OF_FOLD)
        quality = {family: measure(rows.failed, probability, probability > 0.5)}
        summary = ClusterSummary(number, family, 0.5, calibration, len(rows), int(rows.failed.sum()), quality)
        write_json(target / TRAINED_CLUSTER, summary)


def _fit(family: str, features: np.ndarray, failed: np.ndarray, target: Path, seed: int) -> TreeModel:
    if family == "random_forest":
        forest = RandomForestClassifier(12, min_samples_leaf=3, random_state=seed).fit(features, failed)
        model = kept(forest)
    else:
        settings = {"objective": "binary:logistic", "max_depth": 3, "seed": seed, "nthread": 1, "base_score": 0.5}
        model = TreeModel.of(xgboost.train(settings, xgboost.DMatrix(features, failed), 12))
    model.save(target / f"{family}.ubj")
    return model
