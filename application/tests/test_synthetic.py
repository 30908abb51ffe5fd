import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from application.cli.app import app
from application.synthetic import Drop, Synthetic, line, write_drop, write_synthetic
from wafer.errors import PublishConflict

SENSORS = 590  # of the real line


@dataclass(frozen=True, slots=True)
class Read:
    """Good wafers of a folder: ids, readings with NaN for missing, raw labels, header of the first file."""

    ids: list[str]
    readings: np.ndarray
    labels: list[str]
    header: list[str]


def read_good(folder: Path, refused: dict[str, str]) -> Read:
    ids, rows, labels, header = [], [], [], []
    for path in sorted(folder.iterdir()):
        if f"{folder.name}/{path.name}" in refused:
            continue
        with path.open(newline="", encoding="utf-8") as lines:
            header, *body = csv.reader(lines)
        good = [row for row in body if re.fullmatch(r"Wafer-\d+", row[0])]
        ids += [row[0] for row in good]
        rows += [[float(cell or "nan") for cell in row[1 : SENSORS + 1]] for row in good]
        labels += [row[SENSORS + 1] for row in good if len(row) > SENSORS + 1]
    return Read(ids, np.array(rows), labels, header)


def digests(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Synthetic:
    return write_synthetic(tmp_path_factory.mktemp("synthetic"))


@pytest.fixture(scope="module")
def training(written: Synthetic) -> Read:
    return read_good(written.training, written.refused)


@pytest.fixture(scope="module")
def prediction(written: Synthetic) -> Read:
    return read_good(written.prediction, written.refused)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in {"one": 5, "again": 5, "other": 6}.items():
        write_synthetic(tmp_path / name, seed=seed, training_files=2, prediction_files=1, wafers_per_file=30)

    assert digests(tmp_path / "one") == digests(tmp_path / "again")
    assert digests(tmp_path / "one") != digests(tmp_path / "other")


def test_headers_and_lines_are_spelled_as_the_line_spells_them(
    written: Synthetic, training: Read, prediction: Read
) -> None:
    sensors = [f"Sensor-{n}" for n in range(1, SENSORS + 1)]

    assert training.header == ["", *sensors, "Good/Bad"]
    assert prediction.header == ["Unnamed: 0", *sensors]
    assert all(path.read_bytes().endswith(b"\r\n") for path in written.training.iterdir())


def test_only_batches_lie_in_the_folders_and_the_note_says_what_they_are(written: Synthetic) -> None:
    assert {path.suffix for folder in (written.training, written.prediction) for path in folder.iterdir()} == {".csv"}
    assert "# Synthetic batches" in written.note.read_text()
    assert all(name in written.note.read_text() for name in written.refused)


def test_every_wafer_has_an_id_of_its_own(written: Synthetic, training: Read, prediction: Read) -> None:
    ids = training.ids + prediction.ids

    assert len(training.ids) == written.training_wafers == 800
    assert len(prediction.ids) == written.prediction_wafers == 400
    assert len(set(ids)) == len(ids)


def test_failures_are_rare_and_labelled_as_the_line_labels_them(written: Synthetic, training: Read) -> None:
    share = written.training_failures / written.training_wafers

    assert 0.05 < share < 0.07
    assert training.labels.count("1") == written.training_failures
    assert set(training.labels) == {"1", "-1"}


def test_some_sensors_are_constant_some_huge_many_tiny_and_many_move_together(training: Read) -> None:
    values = training.readings
    spread = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
    size = np.abs(np.nanmedian(values, axis=0))
    full = values[:, (spread > 0) & ~np.isnan(values).any(axis=0)]
    correlation = np.abs(np.corrcoef(full.T)) - np.eye(full.shape[1])

    assert (spread == 0).sum() == 116
    assert size.max() > 1000
    assert (size < 0.1).sum() > 100
    assert (correlation > 0.95).any(axis=0).mean() > 0.4


def test_sensors_go_missing_together_in_about_35_patterns(training: Read) -> None:
    patterns = np.unique(np.isnan(training.readings), axis=1)

    assert 30 <= patterns.shape[1] <= 40


def test_every_second_file_has_silent_sensors(written: Synthetic, training: Read) -> None:
    per_file = np.isnan(training.readings).reshape(8, 100, SENSORS).all(axis=1).sum(axis=1)

    assert (per_file[::2] == 16).all()
    assert (per_file[1::2] == 0).all()


def test_failures_can_be_told_from_the_sensors_but_only_weakly(training: Read) -> None:
    values, failed = training.readings, np.array(training.labels) == "1"
    complete = values[:, ~np.isnan(values).any(axis=0) & (values.std(axis=0) > 0)]
    standard = (complete - complete.mean(axis=0)) / complete.std(axis=0)

    apart = np.abs(standard[failed].mean(axis=0) - standard[~failed].mean(axis=0))

    assert apart.max() > 0.6, "the strongest sensor shows more than chance (about 0.5 among 400 sensors)"
    assert apart.max() < 1.6, "no sensor gives the failures away"


def test_bad_files_and_bad_rows_are_there_to_be_refused(written: Synthetic) -> None:
    texts = {name: (written.note.parent / name).read_text() for name in written.refused}
    last_good = sorted(p for p in written.training.iterdir() if f"training/{p.name}" not in written.refused)[-1]

    assert len(texts) == 6
    assert len(last_good.read_text().splitlines()) == 1 + 100 + 4


def test_writing_again_replaces_earlier_synthetic_batches(tmp_path: Path) -> None:
    write_synthetic(tmp_path, training_files=3, prediction_files=1, wafers_per_file=10)

    again = write_synthetic(tmp_path, training_files=1, prediction_files=1, wafers_per_file=10)

    assert read_good(again.training, again.refused).ids == [f"Wafer-{n}" for n in range(1, 11)]


def test_files_of_somebody_else_are_never_overwritten(tmp_path: Path) -> None:
    real = tmp_path / "training" / "wafer_01032021_041011.csv"
    real.parent.mkdir()
    real.write_text("measured")

    with pytest.raises(PublishConflict, match="not synthetic"):
        write_synthetic(tmp_path)

    assert real.read_text() == "measured"


def test_a_drop_of_many_blocks_is_one_line_throughout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "BLOCK", 200)

    written = write_drop(tmp_path, Drop(training=1150, prediction=330, per_file=300))
    found = read_good(written.training, written.refused)

    names = {
        f"{folder.name}/{path.name}" for folder in (written.training, written.prediction) for path in folder.iterdir()
    }
    assert len(names - set(written.refused)) == 4 + 2
    assert found.ids == [f"Wafer-{n}" for n in range(1, 1151)]
    halves = [np.nanmedian(half, axis=0) for half in (found.readings[:575], found.readings[575:])]
    assert np.corrcoef(np.sign(halves) * np.log1p(np.abs(halves)))[0, 1] > 0.99
    assert 0.04 < found.labels.count("1") / 1150 < 0.09
    assert found.labels.count("1") == written.training_failures


def test_the_command_writes_as_many_wafers_as_it_is_told(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["synthetic", str(tmp_path), "--wafers", "50", "--batch-size", "20", "--seed", "3"])

    lines = [len(path.read_bytes().splitlines()) - 1 for path in sorted((tmp_path / "training").glob("wafer_*.csv"))]
    assert told.exit_code == 0
    assert sorted(lines)[:3] == [10 + 4, 20, 20]


def test_the_command_without_options_writes_the_usual_drop(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["synthetic", str(tmp_path / "told")])
    write_synthetic(tmp_path / "usual")

    assert digests(tmp_path / "told") == digests(tmp_path / "usual")
