"""Sensors of a published prediction: read by column, in the order of the line, thinned without losing extremes."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from wafer.errors import NotPublished, ObjectNotFound
from wafer.history.past import PastRun
from wafer.history.reading import read_history
from wafer.model.statistics import LEVELS
from wafer.sensors import LineOrder, Reference, Series, line_order, open_readings, pareto_of, screening_of, series_of
from wafer.sensors.pareto import REASONS
from wafer.sensors.readings import StoredFile
from wafer.store import Store, layout, open_store
from wafer.tests.past import publish_prediction
from wafer.tests.sensor_runs import (
    FILES,
    SENSORS,
    SHIFTED,
    SILENT,
    STEADY,
    published_readings,
    readings_of,
    told_wafers,
)

USUAL = Reference(np.linspace(0.3, 0.7, len(LEVELS)).tolist())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    told = told_wafers()
    made = open_store(str(tmp_path_factory.mktemp("store")))
    publish_prediction(made, "predict-1", told, more=published_readings(told, readings_of(told)))
    publish_prediction(made, "predict-0", told)  # as a release without these files did
    return made


def read(store: Store, sensor: str, *, most: int = 1000) -> tuple[LineOrder, Series]:
    told = told_wafers()
    verdicts, ids = ([getattr(each, name) for each in told] for name in ("verdict", "document"))
    with open_readings(store, "predict-1") as readings:
        line = line_order(readings.who, pa.table({"verdict": verdicts}), pa.chunked_array([ids]), readings.stamp)
        values = readings.column(sensor)[line.order]
    return line, series_of(line, values, USUAL, pa.nulls(len(line), pa.bool_()), most=most)


def test_wafers_stand_by_the_time_of_their_file_and_numbers_as_numbers(store: Store) -> None:
    line, found = read(store, STEADY)

    assert line.wafers.to_pylist() == [f"W-{number}" for number in range(1, 49)]
    assert line.files == FILES
    assert line.verdicts[4].as_py() == "fail"
    assert line.ranks[4] == 1
    assert [each.first for each in found.batches] == [0, 12, 24, 36]
    assert next(str(each.moment) for each in found.batches) == "2026-03-02 08:00:00"


def test_a_shift_and_a_silence_are_told_of_the_batches_that_have_them(store: Store) -> None:
    _, shifted = read(store, SHIFTED)
    _, silent = read(store, SILENT)
    _, steady = read(store, STEADY)

    assert [each.shifted for each in shifted.batches] == [False, False, True, True]
    assert [each.silent for each in silent.batches] == [0, 0, 0, 12]
    assert silent.batches[-1].median is None
    assert silent.silent == 12
    assert not any(each.shifted for each in (*steady.batches, *silent.batches))


def test_a_few_readings_never_say_that_a_sensor_shifted() -> None:
    assert USUAL.shifted(0.99, 10)
    assert not USUAL.shifted(0.99, 9)
    assert not Reference([float("nan")] * len(LEVELS)).shifted(0.99, 10)


def test_thinning_keeps_the_extremes_and_the_most_suspicious_wafers() -> None:
    count = 9000
    values = np.random.default_rng(2).normal(size=count)
    values[4321], values[77] = 50.0, np.nan
    ranks = np.random.default_rng(3).permutation(count) + 1
    texts = pa.array([str(place) for place in range(count)])
    line = LineOrder(
        np.arange(count),
        texts,
        texts,
        texts,
        pa.nulls(count, pa.bool_()),
        ranks,
        np.zeros(count, np.int64),
        ("one.csv",),
        (None,),
    )

    found = series_of(line, values, USUAL, pa.nulls(count, pa.bool_()), most=300)

    assert len(found.shown) <= 300
    assert found.stretch == 90
    assert {4321, int(np.nanargmin(values)), int(ranks.argmin())} <= {*found.shown.tolist()}
    assert 77 not in found.shown
    assert (np.diff(found.shown) > 0).all()


def test_wafers_of_a_known_outcome_have_a_distribution_of_their_own(store: Store) -> None:
    line, _ = read(store, STEADY)
    failed = pa.array([True] * 6 + [False] * 4 + [None] * 38)

    found = series_of(line, np.arange(48.0), USUAL, failed, most=100)

    assert found.failed is not None
    assert (found.failed.wafers, found.failed.quantiles[0], found.failed.quantiles[-1]) == (6, 0.0, 5.0)
    assert found.passed is None  # too few


def test_sensors_behind_flags_are_counted_of_all_wafers_or_of_a_lot(store: Store) -> None:
    def counted(by: str = "", lot: str = "") -> list[tuple[str, int]]:
        run = PastRun("predict-1", datetime(2026, 3, 6, tzinfo=UTC))
        found = pareto_of(read_history(store, [run], (REASONS, "lot")), by, lot)
        return [(each.sensor, each.wafers) for each in found.bars]

    assert counted() == [(SHIFTED, 4), (STEADY, 2)]
    assert counted("lot", "L-1") == [(STEADY, 1)]
    assert counted("day", "2026-03-05") == []  # no stamp is known to this run: its wafers are of the 6th
    assert counted("day", "2026-03-06") == counted()


def test_the_cumulative_line_ends_at_all_namings(store: Store) -> None:
    run = PastRun("predict-1", datetime(2026, 3, 6, tzinfo=UTC))

    found = pareto_of(read_history(store, [run], (REASONS,)))

    assert (found.flagged, found.explained) == (5, 5)
    assert [each.cumulative for each in found.bars] == pytest.approx([4 / 6, 1.0])
    assert [each.carried for each in found.bars] == pytest.approx([3.5, 1.5])


def test_a_part_of_a_file_is_all_that_travels(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        type(store), "get", lambda self, key: Path(self.uri, key).read_bytes() if key.endswith("json") else 1 / 0
    )
    size = len(published_readings(told_wafers(), readings_of(told_wafers()))[layout.READINGS])

    with open_readings(store, "predict-1") as readings:
        assert len(readings.column(SHIFTED)) == 48
    file = StoredFile(store, f"predictions/predict-1/{layout.READINGS}", size)
    file.seek(-4, io.SEEK_END)
    assert (file.read(), file.read(), file.tell()) == (b"PAR1", b"", size)


def test_what_a_run_does_not_have_is_told(store: Store) -> None:
    with pytest.raises(ObjectNotFound, match="Predict its batches again"), open_readings(store, "predict-0"):
        pass
    with pytest.raises(NotPublished), open_readings(store, "predict-9"):
        pass
    with open_readings(store, "predict-1") as readings, pytest.raises(ObjectNotFound, match="no sensor 'Sensor - 9'"):
        readings.column("Sensor - 9")


def test_the_most_moved_sensor_is_screened_first_and_silence_before_all() -> None:
    told = {"wafers": 100, "newly_silent": ["c"], "moved": ["b"], "sensors": {"a": 0.1, "b": 0.9, "c": 0.0}}
    rows = [{"sensor": name, "level": 0.5, "silent_now": 0.0, "silent_in_training": 0.0} for name in "abc"]

    found = screening_of(json.dumps(told | {"screening": rows}).encode())
    older = screening_of(json.dumps(told).encode())

    assert [(each.sensor, each.moved, each.newly_silent) for each in found.sensors] == [
        ("c", False, True),
        ("b", True, False),
        ("a", False, False),
    ]
    assert [each.sensor for each in older.sensors] == ["c", "b", "a"]
    assert older.sensors[1].level is None


def test_every_sensor_of_the_run_can_be_read(store: Store) -> None:
    with open_readings(store, "predict-1") as readings:
        assert readings.sensors == SENSORS
