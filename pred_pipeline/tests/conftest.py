"""A bundle from a small drop of synthetic wafers, and exports to predict."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from model_training.stage import fit_global_models, train_cluster
from preprocessing_train.stage import fit_preprocessor
from wafer.model.assembly import assemble_bundle
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import EXPORT_FILE
from wafer.wafers.table import WaferColumns, wafers_writer

SENSORS = tuple(f"Sensor - {i}" for i in range(1, 16))
QUICK = Recipe(
    families=(RandomForest(trees=60, trees_cluster=40), BoostedTrees(rounds=30, learning_rate=0.1)), max_clusters=4
)
Export = Callable[..., Path]


def _write(
    folder: Path, readings: np.ndarray, names: list[str], failed: np.ndarray | None, rows_at_once: int | None = None
) -> Path:
    columns = WaferColumns("Wafer", SENSORS[: readings.shape[1]], None if failed is None else "Output")
    count = len(names)
    data: dict[str, object] = {"_id": [f"id-{i}" for i in range(count)], "file": ["=cmd.csv"] * count}
    data |= {"sha256": ["0"] * count, "Wafer": names, **dict(zip(columns.sensors, readings.T, strict=True))}
    if failed is not None:
        data["Output"] = failed.astype(np.int8)
    schema = columns.schema(kind="prediction" if failed is None else "training", contract="c")
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in data.items()}, schema)
    with wafers_writer(folder / EXPORT_FILE, schema) as writer:
        writer.write_table(table, rows_at_once)
    return folder


def _readings(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of wafers; sensor 3 is higher for failing ones, 3 % of the readings lack."""
    rng = np.random.default_rng(seed)
    readings = rng.normal(100.0, 1.0, size=(count, len(SENSORS)))
    readings[::2, 5:] += 6.0
    failed = rng.random(count) < 0.2
    readings[failed, 2] += 2.0
    readings[rng.random(readings.shape) < 0.03] = np.nan
    return readings, failed


@pytest.fixture(scope="session")
def make_export() -> Export:
    """Write an export of wafers to predict; `strange` of them are far off, `sensors` columns are there."""

    def write(
        folder: Path,
        count: int = 100,
        strange: int = 0,
        seed: int = 5,
        sensors: int = len(SENSORS),
        rows_at_once: int | None = None,
        names: Sequence[str] = (),
    ) -> Path:
        readings, _ = _readings(count, seed)
        readings[:strange] *= 1000.0
        named = [*names, *(f"-{i:03}" for i in range(len(names), count))]
        return _write(folder, readings[:, :sensors], named, None, rows_at_once)

    return write


@pytest.fixture(scope="session")
def bundle_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed bundle, made by the training stages."""
    from clustering.stage import cluster_wafers  # three seconds, which the process that starts the tests spares

    folder = tmp_path_factory.mktemp("model")
    readings, failed = _readings(300, seed=0)
    export = _write(folder / "export", readings, [f"W-{i}" for i in range(300)], failed)
    _write(folder / "export_unlabelled", readings, [f"X-{i}" for i in range(300)], None)
    before, model, everywhere = folder / "preprocessor", folder / "clusters", folder / "global"
    training = folder / "training.parquet"
    fit_preprocessor(export, before, training, QUICK)
    found = cluster_wafers(training, before, model, folder / "clusters.parquet", folder / "elbow.html", QUICK)
    fit_global_models(training, before, everywhere, QUICK)
    trained = [folder / f"cluster-{number}" for number in found.clusters]
    for number, out in zip(found.clusters, trained, strict=True):
        train_cluster(number, training, before, model, everywhere, out, folder / "page.html")
    assemble_bundle(
        preprocessor_dir=before,
        cluster_model_dir=model,
        global_dir=everywhere,
        cluster_dirs=trained,
        out=folder / "bundle",
    )
    return folder / "bundle"
