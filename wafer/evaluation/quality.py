"""The figures of scored, labelled wafers; accuracy is left out, since passing every wafer reaches 94 % of it."""

from dataclasses import asdict, dataclass, fields

_PLACES = 6


@dataclass(frozen=True, slots=True)
class Figures:
    """The few figures that mean something when 6 % of the wafers fail."""

    auc: float
    pr_auc: float
    ber: float  # at the threshold in use
    recall: float  # at the threshold in use
    false_alarm_rate: float  # at the threshold in use
    recall_at_10: float  # recall when 10 % of the good wafers may be flagged
    brier_skill: float  # 0 = as good as always saying the failure rate

    def to_json(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Quality(Figures):
    """The figures, and the wafers they rest on."""

    wafers: int
    failures: int

    @property
    def passes(self) -> int:
        """The wafers that passed."""
        return self.wafers - self.failures

    @property
    def failure_rate(self) -> float:
        """Share of the wafers that failed."""
        return self.failures / self.wafers

    @property
    def found(self) -> float:
        """Failing wafers that are flagged."""
        return self.recall * self.failures

    @property
    def false_alarms(self) -> float:
        """Passing wafers that are flagged."""
        return self.false_alarm_rate * self.passes

    @property
    def flagged(self) -> float:
        """All wafers that are flagged."""
        return self.found + self.false_alarms

    def reported(self) -> Figures:
        """The figures as they are recorded everywhere: rounded."""
        return Figures(**{each.name: round(getattr(self, each.name), _PLACES) for each in fields(Figures)})
