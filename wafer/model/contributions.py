"""Why a wafer was flagged, in the sensors' own units."""

from dataclasses import dataclass

import numpy as np

from wafer.model.scoring import ModelBundle
from wafer.wafers.arrays import Wafers

TOP = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """One sensor that pushed a wafer towards failing."""

    sensor: str
    value: float | None  # in the sensor's units; None when it was silent and read as its training median
    usual_low: float  # 90 % of the passing training wafers lie between these
    usual_high: float
    contribution: float  # log-odds of failure, above 0

    def text(self) -> str:
        """Say it in one phrase of plain ASCII, for a spreadsheet's cell."""
        value = "silent" if self.value is None else f"{self.value:.6g}"
        return (
            f"{self.sensor} = {value} (usual {self.usual_low:.6g} to {self.usual_high:.6g}, +{self.contribution:.2f})"
        )


def top_reasons(bundle: ModelBundle, wafers: Wafers, count: int = TOP) -> list[list[Reason]]:
    """Return for each wafer the sensors that raised its score most, strongest first."""
    contributions = bundle.explain(wafers)
    sensors = bundle.preprocessor.sensors
    readings = wafers.columns(sensors)
    ranges = {name: bundle.statistics.usual_range(name) for name in sensors}
    found = []
    for values, pushed in zip(readings, contributions, strict=True):
        strongest = [int(i) for i in np.argsort(-pushed, kind="stable")[:count] if pushed[i] > 0]
        found.append([_reason(sensors[i], values[i], ranges[sensors[i]], pushed[i]) for i in strongest])
    return found


def _reason(sensor: str, value: float, usual: tuple[float, float], contribution: float) -> Reason:
    return Reason(sensor, None if np.isnan(value) else float(value), *usual, float(contribution))
