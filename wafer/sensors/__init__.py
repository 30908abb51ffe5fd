"""Sensors of published predictions: which ones are behind flags, how far each moved, and how one reads wafer by wafer.

    with open_readings(store, run_id) as readings:
        line = line_order(readings.who, predictions, ids, readings.stamp)
        found = series_of(line, readings.column("Sensor-1")[line.order], reference, most=1000)

One sensor is read by itself, so a run of 100,000 wafers takes some 10 MB of memory and reads less than 1 MB a sensor.
"""

from wafer.sensors.by_lot import LotDrift, drift_by_lot
from wafer.sensors.line import LineOrder, line_order
from wafer.sensors.pareto import Pareto, ParetoBar, pareto_of
from wafer.sensors.readings import Readings, open_readings
from wafer.sensors.screening import Screened, Screening, screening_of
from wafer.sensors.series import BatchReadings, Distribution, Reference, Series, series_of

__all__ = [
    "BatchReadings",
    "Distribution",
    "LineOrder",
    "LotDrift",
    "Pareto",
    "ParetoBar",
    "Readings",
    "Reference",
    "Screened",
    "Screening",
    "Series",
    "drift_by_lot",
    "line_order",
    "open_readings",
    "pareto_of",
    "screening_of",
    "series_of",
]
