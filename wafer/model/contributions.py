"""Why a wafer was flagged, in the sensors' own units."""

from dataclasses import dataclass

import numpy as np

from wafer.model.scoring import ModelBundle
from wafer.model.statistics import SensorStatistics
from wafer.shares import percent
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
    contribution_share: float  # of all that raised the wafer's score above that of the usual passing wafer
    above_passing: float | None  # share of the passing training wafers that read lower; None when it was silent
    above_failing: float | None  # the same of the failing ones; None too for a model of before recipe 5

    def text(self) -> str:
        """Say it in one phrase of plain ASCII, for a spreadsheet's cell."""
        value = "silent" if self.value is None else f"{self.value:.6g}"
        raised = f"+{self.contribution:.2f}, {percent(self.contribution_share, 0)} of what raises the score"
        return f"{self.sensor} = {value} ({self.compared()}, {raised})"

    def compared(self) -> str:
        """Say where the reading lies among those of the training wafers."""
        above = ((self.above_passing, "passing"), (self.above_failing, "failing"))
        shares = " and ".join(f"{percent(share, 0)} of {outcome}" for share, outcome in above if share is not None)
        usual = f"usual {self.usual_low:.6g} to {self.usual_high:.6g}"
        return f"{usual}, above {shares}" if shares else usual


def top_reasons(bundle: ModelBundle, wafers: Wafers, count: int = TOP) -> list[list[Reason]]:
    """Return for each wafer the sensors that raised its score most, strongest first."""
    contributions = bundle.explain(wafers)
    sensors = bundle.preprocessor.sensors
    readings = wafers.columns(sensors)
    found = []
    for values, pushed in zip(readings, contributions, strict=True):
        strongest = [int(i) for i in np.argsort(-pushed, kind="stable")[:count] if pushed[i] > 0]
        total = float(pushed[pushed > 0].sum())
        found.append(
            [_reason(bundle.statistics, sensors[i], float(values[i]), float(pushed[i]), total) for i in strongest]
        )
    return found


def _reason(statistics: SensorStatistics, sensor: str, value: float, contribution: float, total: float) -> Reason:
    above_passing, above_failing = statistics.above(sensor, value)
    low, high = statistics.usual_range(sensor)
    return Reason(
        sensor=sensor,
        value=None if np.isnan(value) else value,
        usual_low=low,
        usual_high=high,
        contribution=contribution,
        contribution_share=contribution / total,
        above_passing=above_passing,
        above_failing=above_failing,
    )
