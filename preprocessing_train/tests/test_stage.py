"""The stage by path: what it writes for the stages after it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from preprocessing_train.stage import Preprocessed, fit_preprocessor
from wafer.contract import load_contract
from wafer.wafers.arrays import EXPORT_FILE
from wafer.wafers.table import WaferColumns, wafers_writer
from wafer.wafers.training_file import TrainingFile

SENSORS = tuple(f"Sensor - {number}" for number in range(1, 7))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """60 wafers twice each, under other names; sensor 3 is constant, 4 silent, and 5 moves with 2."""
    readings = np.random.default_rng(1).normal(size=(60, 6))
    readings[:, 2], readings[:, 3], readings[:, 4] = 1.0, np.nan, 2 * readings[:, 1]
    readings = np.concatenate([readings, readings])
    names = [f"W-{row}" for row in range(120)]
    columns = WaferColumns("Wafer", SENSORS, "Output")
    texts = {
        "_id": names,
        "file": [f"wafer_0{1 + row % 2}022020_101112.csv" for row in range(120)],
        "sha256": ["0"] * 120,
        "Wafer": names,
    }
    failed = (np.arange(120) % 60 < 12).astype(np.int8)
    sensors = {name: pa.array(values, from_pandas=True) for name, values in zip(SENSORS, readings.T, strict=True)}
    table = pa.table({**texts, **sensors, "Output": failed}, _schema(columns))
    with wafers_writer(tmp_path / "export" / EXPORT_FILE, table.schema) as writer:
        writer.write_table(table)
    return tmp_path / "export"


def _schema(columns: WaferColumns) -> pa.Schema:
    form = load_contract("training").file_name.to_json()
    return columns.schema(kind="training", contract="c", file_names=form)


@pytest.fixture
def done(export: Path, tmp_path: Path) -> Preprocessed:
    return fit_preprocessor(export, tmp_path / "preprocessor", tmp_path / "training.parquet")


def test_copies_are_left_out_and_counted(done: Preprocessed, tmp_path: Path) -> None:
    with TrainingFile(tmp_path / "training.parquet") as training:
        keys, failed = training.keys, training.failed

    assert (done.wafers, done.copies, done.failures) == (60, 60, 12)
    assert len(keys) == len(np.unique(keys)) == 60
    assert failed.sum() == 12


def test_each_wafer_knows_when_its_batch_was_written(done: Preprocessed, tmp_path: Path) -> None:
    with TrainingFile(tmp_path / "training.parquet") as training:
        batch, line = training.batch, training.timeline

    assert done.wafers == len(batch) == 60
    assert np.unique(batch).astype(str).tolist() == ["2020-02-01T10:11:12", "2020-02-02T10:11:12"]
    assert (np.diff(batch[line.order]) >= np.timedelta64(0)).all()


def test_only_kept_sensors_are_handed_on_and_the_others_counted_by_reason(done: Preprocessed, tmp_path: Path) -> None:
    with TrainingFile(tmp_path / "training.parquet") as training:
        sensors = training.sensors

    assert sensors == ("Sensor - 1", "Sensor - 2", "Sensor - 6")
    assert (done.sensors_kept, done.sensors_constant, done.sensors_silent, done.sensors_moving_together) == (3, 1, 1, 1)


def test_both_outcomes_are_dealt_to_every_fold(done: Preprocessed, tmp_path: Path) -> None:
    with TrainingFile(tmp_path / "training.parquet") as training:
        failed, fold = training.failed, training.fold

    assert done.failures == 12
    assert np.bincount(fold[failed]).tolist() == [4, 4, 4]
    assert np.bincount(fold[~failed]).tolist() == [16, 16, 16]
