"""Drift of each lot of a prediction: the sensor that shifted, in the lots in which it did, and no other."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from wafer.history.past import PastRun
from wafer.history.reading import read_history
from wafer.sensors import LotDrift, drift_by_lot, open_readings
from wafer.sensors.by_lot import lots_of_rows
from wafer.store import Store, open_store
from wafer.tests.past import lot, publish_prediction
from wafer.tests.sensor_runs import SENSORS, SHIFTED, SILENT, published_readings, readings_of, told_wafers, trained


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Four lots of twelve wafers: one sensor shifts in the last two, one is silent in the last."""
    made, told = open_store(str(tmp_path / "store")), told_wafers()
    publish_prediction(made, "predict-1", told, more=published_readings(told, readings_of(told)))
    return made


def drift(store: Store, by: str) -> dict[str, LotDrift]:
    parts = read_history(store, [PastRun("predict-1", datetime(2026, 3, 6, tzinfo=UTC))], ("lot",), latest=False)
    with open_readings(store, "predict-1") as readings:
        rows = lots_of_rows(readings.who, parts, by)
        return {each.lot: each for each in drift_by_lot(readings, rows, trained(), SENSORS)}


def test_the_lots_in_which_a_sensor_shifted_or_fell_silent_name_it(store: Store) -> None:
    found = drift(store, "lot")

    assert {name: each.outside for name, each in found.items()} == {
        "L-1": (),
        "L-2": (),
        "L-3": (SHIFTED,),
        "L-4": (SHIFTED, SILENT),
    }
    assert [each.wafers for each in found.values()] == [12, 12, 12, 12]
    assert (found["L-4"].left, found["L-4"].silent, found["L-4"].moved) == ((SHIFTED,), (SILENT,), ())


def test_a_large_lot_tells_by_the_distribution(tmp_path: Path) -> None:
    store, told = open_store(str(tmp_path / "store")), lot("A", 60, file="wafer_05032026_080000.csv")
    publish_prediction(store, "predict-1", told, more=published_readings(told, readings_of(told)))

    found = drift(store, "lot")

    assert found["A"].moved == (SHIFTED,)


def test_wafers_are_told_apart_by_their_file_too(store: Store) -> None:
    assert sorted(each.wafers for each in drift(store, "file").values()) == [12, 12, 12, 12]


def test_a_lot_without_name_has_its_wafers(store: Store) -> None:
    rows = pa.array(["" for _ in range(48)])

    with open_readings(store, "predict-1") as readings:
        (found,) = drift_by_lot(readings, rows, trained(), SENSORS)

    assert (found.lot, found.wafers) == ("", 48)
