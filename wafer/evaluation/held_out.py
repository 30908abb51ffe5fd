"""What models did with wafers of later batches, or of files that they never saw: figures, by file and all together."""

from dataclasses import dataclass

from wafer.evaluation.curve import curve_of
from wafer.evaluation.intervals import Interval, bootstrap, exact_rate
from wafer.wafers.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class Flagged:
    """How many wafers of either outcome a threshold flags."""

    found: int
    failures: int
    false_alarms: int
    passes: int

    @classmethod
    def of(cls, failed: Bools, flagged: Bools) -> "Flagged":
        """Count."""
        failures = int(failed.sum())
        return cls(int(flagged[failed].sum()), failures, int(flagged[~failed].sum()), len(failed) - failures)

    @property
    def recall(self) -> float:
        """Share of the failing wafers that are flagged; 0 where none failed."""
        return self.found / max(self.failures, 1)

    @property
    def false_alarm_rate(self) -> float:
        """Share of the passing wafers that are flagged; 0 where none passed."""
        return self.false_alarms / max(self.passes, 1)

    @property
    def recall_interval(self) -> Interval:
        """Exact 90 % interval."""
        return exact_rate(self.found, self.failures)

    @property
    def false_alarm_interval(self) -> Interval:
        """Exact 90 % interval."""
        return exact_rate(self.false_alarms, self.passes)


@dataclass(frozen=True, slots=True)
class Tested:
    """Some wafers that models were asked about, by both rules for the threshold."""

    name: str  # of the file or files
    wafers: int
    failures: int
    auc: float | None  # None where all wafers have the same outcome
    fixed: Flagged  # the threshold that was known from the wafers learned from
    recent: Flagged  # the threshold by rank among recent scores

    @classmethod
    def of(cls, name: str, failed: Bools, probability: Floats, fixed: Bools, recent: Bools) -> "Tested":
        """Count and rank."""
        auc = curve_of(failed, probability).auc if 0 < failed.sum() < len(failed) else None
        by_rule = Flagged.of(failed, fixed), Flagged.of(failed, recent)
        return cls(name, len(failed), int(failed.sum()), auc, *by_rule)


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """Every wafer that was tested, and the files one by one in the order of time."""

    auc: float
    auc_interval: Interval
    pr_auc: float
    pr_auc_interval: Interval
    pooled: Tested
    parts: tuple[Tested, ...] = ()

    @classmethod
    def of(cls, failed: Bools, probability: Floats, pooled: Tested, parts: tuple[Tested, ...] = ()) -> "HeldOutFigures":
        """Figures of wafers of both outcomes."""
        curve, sure = curve_of(failed, probability), bootstrap(failed, probability)
        return cls(curve.auc, sure.auc, curve.average_precision, sure.pr_auc, pooled, parts)

    @property
    def failure_rate(self) -> float:
        """Share of the tested wafers that failed: what chance reaches in PR AUC."""
        return self.pooled.failures / self.pooled.wafers

    def to_metrics(self, name: str) -> dict[str, float]:
        """The figures as a registry records them, each with this name before it."""
        found = {"auc": self.auc, "pr_auc": self.pr_auc}
        for rule, flagged in (("fixed", self.pooled.fixed), ("recent", self.pooled.recent)):
            found |= {f"recall_{rule}": flagged.recall, f"false_alarm_rate_{rule}": flagged.false_alarm_rate}
        return {f"{name}_{each}": round(value, 6) for each, value in found.items()}
