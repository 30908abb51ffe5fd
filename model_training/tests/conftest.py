"""Folders as the stages before leave them, for a small drop of synthetic wafers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from model_training.fits import Fits
from preprocessing_train.stage import fit_preprocessor
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import EXPORT_FILE
from wafer.wafers.table import WaferColumns, wafers_writer

QUICK = Recipe(
    families=(RandomForest(trees=60, trees_cluster=40), BoostedTrees(rounds=30, learning_rate=0.1)), max_clusters=4
)


@pytest.fixture(scope="session")
def quick() -> Recipe:
    """The recipe with fewer trees."""
    return QUICK


@pytest.fixture
def fits(tmp_path: Path) -> Fits:
    """Fits whose files lie in a folder of the test."""
    folder = tmp_path / "fits"
    folder.mkdir()
    return Fits(folder)


@pytest.fixture(scope="session")
def make_export() -> Callable[..., Path]:
    """Write an export directory of wafers in `groups` groups; in each, sensor 3 is higher for failing ones."""

    def write(folder: Path, groups: int = 2, size: int = 150, seed: int = 0, order: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        count = groups * size
        readings = rng.normal(size=(count, 15)) + 4.0 * np.repeat(rng.normal(size=(groups, 15)), size, axis=0)
        failed = np.tile(np.arange(size) < size // 5, groups)
        readings[failed, 2] += 1.5
        readings[rng.random(readings.shape) < 0.03] = np.nan
        columns = WaferColumns("Wafer", tuple(f"Sensor - {i}" for i in range(1, 16)), "Output")
        names = [f"Wafer-{i:04}" for i in range(count)]
        texts = {"_id": [f"id-{n}" for n in names], "file": ["a.csv"] * count, "sha256": ["0"] * count, "Wafer": names}
        data = texts | dict(zip(columns.sensors, readings.T, strict=True)) | {"Output": failed.astype(np.int8)}
        table = pa.table(
            {n: pa.array(v, from_pandas=True) for n, v in data.items()}, columns.schema(kind="training", contract="c")
        )
        rows = np.random.default_rng(order).permutation(count) if order else np.arange(count)
        with wafers_writer(folder / EXPORT_FILE, table.schema) as writer:
            writer.write_table(table.take(pa.array(rows)))
        return folder

    return write


@pytest.fixture(scope="session")
def prepare() -> Callable[..., Path]:
    """Run the stages before on an export; the folder that holds preprocessor, training file and clusters."""

    def learn(export: Path, folder: Path, recipe: Recipe = QUICK) -> Path:
        from clustering.stage import cluster_wafers  # three seconds, which the process that starts the tests spares

        preprocessor, training = folder / "preprocessor", folder / "training.parquet"
        fit_preprocessor(export, preprocessor, training, recipe)
        assignments, page = folder / "clusters.parquet", folder / "elbow.html"
        cluster_wafers(training, preprocessor, folder / "clusters", assignments, page, recipe)
        return folder

    return learn
