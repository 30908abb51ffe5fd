"""A prediction with readings: one sensor shifts in its last two files, one falls silent in the last, one is steady."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from wafer.contract.file_name import FileName
from wafer.model.statistics import SensorStatistics, sensor_statistics
from wafer.store import layout
from wafer.tests.past import Told
from wafer.wafers.arrays import Floats
from wafer.wafers.table import WaferColumns

STEADY, SHIFTED, SILENT = "Sensor - 1", "Sensor - 2", "Sensor - 3"
SENSORS = (STEADY, SHIFTED, SILENT)
FILES = tuple(f"wafer_{day}032026_080000.csv" for day in ("02", "03", "04", "05"))
OF_A_FILE = 12  # wafers
FORM = FileName.like("wafer_02032026_080000.csv", 8, 6)


def told_wafers() -> list[Told]:
    """The wafers, the most suspicious first: one of each file is flagged, and two more of the last."""
    wafers = [
        Told(f"W-{number}", file=file, context={"lot": f"L-{place + 1}"})
        for place, file in enumerate(FILES)
        for number in range(place * OF_A_FILE + 1, (place + 1) * OF_A_FILE + 1)
    ]
    flagged = {"W-5": (STEADY,), "W-17": (SHIFTED,), "W-29": (SHIFTED, STEADY), "W-41": (SHIFTED,), "W-44": (SHIFTED,)}
    bad = [
        Told(each.wafer, "fail", each.file, context=each.context, reasons=flagged[each.wafer])
        for each in wafers
        if each.wafer in flagged
    ]
    unlike = [
        Told(each.wafer, "inspect", each.file, context=each.context, reasons=(STEADY,))
        for each in wafers
        if each.wafer == "W-46"
    ]
    rest = [each for each in wafers if each.wafer not in {*flagged, "W-46"}]
    return [*bad, *unlike, *rest]


def readings_of(told: Sequence[Told], sensors: Sequence[str] = SENSORS) -> Mapping[str, Floats]:
    """What the sensors read, in the order of `told`: about .5, shifted ones .95, silent ones nothing."""
    spread = np.random.default_rng(1).uniform(0.4, 0.6, (len(sensors), len(told)))
    file = np.array([FILES.index(each.file) for each in told])
    found = dict(zip(sensors, spread, strict=True))
    found[sensors[1]] = np.where(file >= 2, spread[1] + 0.45, spread[1])
    found[sensors[2]] = np.where(file == 3, np.nan, spread[2])
    return found


def trained() -> SensorStatistics:
    """Passing training wafers that read as the steady sensor does."""
    readings = np.random.default_rng(2).uniform(0.4, 0.6, (1000, len(SENSORS)))
    return sensor_statistics(SENSORS, readings, np.arange(1000) < 20)


def published_readings(told: Sequence[Told], readings: Mapping[str, Floats]) -> dict[str, bytes]:
    """The files of a prediction that hold the readings and their drift."""
    columns = WaferColumns("Wafer", tuple(readings), None)
    schema = columns.schema(kind="prediction", contract="c", file_names=FORM.to_json() if FORM else "")
    rows = sorted(range(len(told)), key=lambda row: (told[row].wafer, told[row].document))
    texts = {
        "_id": [told[row].document for row in rows],
        "file": [told[row].file for row in rows],
        "sha256": ["0" * 64] * len(rows),
        "Wafer": [told[row].wafer for row in rows],
    }
    sensors = {name: pa.array(values[rows], from_pandas=True) for name, values in readings.items()}
    return {layout.READINGS: _parquet(pa.table({**texts, **sensors}, schema)), layout.DRIFT: _drift(tuple(readings))}


def _drift(sensors: Sequence[str]) -> bytes:
    steady, shifted, silent = sensors[:3]
    figures = {steady: (0.04, 0.51, 0.0), shifted: (3.2, 0.74, 0.0), silent: (0.06, 0.49, 0.25)}
    screening = [
        {"sensor": name, "stability": index, "level": level, "silent_now": now, "silent_in_training": 0.0}
        for name, (index, level, now) in figures.items()
    ]
    told = {"wafers": 48, "unlike": 0.02, "newly_silent": [], "moved": [shifted], "left_range": [], "warnings": []}
    return json.dumps(
        {**told, "notes": [], "sensors": {n: f[0] for n, f in figures.items()}, "screening": screening}
    ).encode()


def _parquet(table: pa.Table) -> bytes:
    sink = BytesIO()
    parquet.write_table(table, sink, row_group_size=20)
    return sink.getvalue()
