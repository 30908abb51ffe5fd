"""Lots of the history, and their wafers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from application.api.shapes.predictions import Verdict
from wafer.evaluation.signals import Signal

Measure = Literal["flagged", "inspected", "failed"]


class ChartPoint(BaseModel):
    """A lot on the p-chart."""

    rate: float | None = Field(description="Share of the lot; null where nothing of it was counted.")
    low: float = Field(description="Between `low` and `high` chance alone keeps a lot of this size.")
    high: float
    signals: list[Signal] = Field(
        description="`above` or `below` the limits; `run above`: at least the eighth lot in a row above the centre."
    )


class LotLine(BaseModel):
    """One lot. Wafers that the model learned from are in `wafers` and `learned` alone."""

    model_config = ConfigDict(populate_by_name=True)
    lot: str = Field(description="Value of the column; empty where the line does not say it.")
    first: str = Field(description="When its first batch was written, by the name of the file.")
    last: str
    runs: list[str] = Field(description="Predictions of its wafers, the newest first.")
    wafers: int
    learned: int = Field(description="Wafers that the model learned from.")
    flagged: int
    flag_rate: float | None
    inspected: int
    known: int = Field(description="Wafers whose outcome is known.")
    failed: int = Field(description="Of these.")
    yield_: float | None = Field(alias="yield", description="Share that passed, of the wafers whose outcome is known.")
    chart: ChartPoint


class LotsPage(BaseModel):
    """Lots in the order of time, with their p-chart; each wafer counts once, by its latest prediction."""

    by: str
    columns: list[str] = Field(description="What the wafers can be told apart by.")
    measure: Measure
    centre: float | None = Field(description="Centre line: the pooled rate of all lots.")
    excursions: int = Field(description="Lots with a signal above.")
    runs: int = Field(description="Predictions that were read.")
    complete: bool = Field(description="False: the oldest of these runs were left out, because there are many wafers.")
    left_out: int = Field(description="Older lots that are not listed, because there are many.")
    lots: list[LotLine]


class LotWafer(BaseModel):
    """A wafer of a lot, by its latest prediction."""

    wafer: str
    file: str
    verdict: Verdict
    probability: float | None
    threshold: float | None
    in_training: bool
    model_version: int
    moment: str
    outcome: Literal["pass", "fail"] | None
    run_id: str


class LotWafers(BaseModel):
    """The wafers of a lot, most suspicious first; `total` counts those that are not listed too."""

    by: str
    lot: str
    total: int
    wafers: list[LotWafer]
