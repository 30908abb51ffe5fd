"""A model that takes part in a comparison."""

from dataclasses import dataclass

from wafer.model import ModelBundle, OutOfFold


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model, what it learned from, and the share of passing wafers that it may flag."""

    model: ModelBundle
    rows: OutOfFold
    budget: float

    @classmethod
    def of(cls, model: ModelBundle, rows: OutOfFold) -> "Contestant":
        """A model as its bundle describes it."""
        return cls(model, rows, model.false_alarm_budget)
