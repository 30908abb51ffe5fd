"""A model that takes part in a comparison."""

from dataclasses import dataclass

from wafer.model import ModelBundle, OutOfFold


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model, what it learned from, and the share of passing wafers that it may flag."""

    model: ModelBundle
    rows: OutOfFold
    budget: float
    elsewhere: float = 1.0  # AUC where wafers of other times were held out, if that is known

    @classmethod
    def of(cls, model: ModelBundle, rows: OutOfFold) -> "Contestant":
        """A model as its bundle describes it."""
        tested = model.about.whole_files
        return cls(model, rows, model.false_alarm_budget, tested.auc if tested else 1.0)
