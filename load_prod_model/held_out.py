"""A version's figures in three ways of holding wafers out, the most telling first: for card, report and registry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from wafer.evaluation.held_out import Flagged, HeldOutFigures, Tested
from wafer.evaluation.intervals import Interval
from wafer.evaluation.plots import forward_plot
from wafer.model import ModelBundle
from wafer.shares import percent

HEADERS = ("figure", "forward in time", "whole files held out", "wafers held out at random", "chance")
BY_FILE = ("files", "wafers", "failed", "AUC", "found", "false alarms", "found, fixed", "false alarms, fixed")
_UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class ThreeWays:
    """How good a version is on later wafers, on other files, and on wafers between those that it learned from."""

    forward: HeldOutFigures | None
    whole_files: HeldOutFigures | None
    random: HeldOutFigures
    budget: float

    @classmethod
    def of(cls, model: ModelBundle) -> "ThreeWays":
        """What a bundle says."""
        budget = model.false_alarm_budget
        return cls(model.about.forward, model.about.whole_files, model.out_of_fold.held_out(budget), budget)

    def rows(self) -> list[tuple[str, ...]]:
        """A row a figure, in the columns of `HEADERS`."""
        rate, budget = f"{self.random.failure_rate:.3f}", percent(self.budget)
        return [
            ("AUC", *self._each(lambda found: _with(found.auc, found.auc_interval)), "0.500"),
            ("PR AUC", *self._each(lambda found: _with(found.pr_auc, found.pr_auc_interval)), rate),
            ("failures found", *self._each(lambda found: _recall(found.pooled.recent)), budget),
            ("false alarms", *self._each(lambda found: _alarms(found.pooled.recent)), budget),
            ("failures found, fixed threshold", *self._each(lambda found: _recall(found.pooled.fixed)), budget),
            ("false alarms, fixed threshold", *self._each(lambda found: _alarms(found.pooled.fixed)), budget),
        ]

    def by_file(self) -> list[tuple[str, ...]]:
        """A row a tested file, in the columns of `BY_FILE`."""
        return [_of_file(each) for each in self.forward.parts] if self.forward else []

    def curve(self) -> bytes | None:
        """The same over time, as SVG."""
        return forward_plot(self.forward.parts, self.budget) if self.forward and self.forward.parts else None

    def metrics(self) -> dict[str, float]:
        """Figures for the registry; those of random folds are there under their plain names."""
        found: dict[str, float] = {}
        for name, figures in (("forward", self.forward), ("whole_files", self.whole_files)):
            found |= figures.to_metrics(name) if figures else {}
        return found

    def table(self) -> str:
        """The files one by one as CSV."""
        return "\n".join(",".join(cell.replace(",", " ") for cell in row) for row in (BY_FILE, *self.by_file())) + "\n"

    def sentences(self) -> Sequence[str]:
        """What the figures are."""
        if self.forward is None:
            return ["Too few failures, or too few files, to test it forward in time."]
        tested = self.forward.pooled
        return [
            f"Forward in time: models of earlier files were asked about {tested.wafers:,} wafers of the files after "
            f"them ({tested.failures} failed). This is what to expect of the next batch. Whole files: models were "
            "asked about files that they never saw, earlier or later. Random: wafers between those learned from.",
            "Found and false alarms are those of verdicts by rank: the top of the recent scores is flagged. Fixed: if "
            "the threshold of the training were followed instead. In brackets: the 90 % interval.",
        ]

    def _each(self, cell: Callable[[HeldOutFigures], str]) -> Iterator[str]:
        for found in (self.forward, self.whole_files, self.random):
            yield cell(found) if found else _UNKNOWN


def _of_file(each: Tested) -> tuple[str, ...]:
    auc = _UNKNOWN if each.auc is None else f"{each.auc:.3f}"
    return (each.name, str(each.wafers), str(each.failures), auc, *_counts(each.recent), *_counts(each.fixed))


def _counts(flagged: Flagged) -> tuple[str, str]:
    return f"{flagged.found} of {flagged.failures}", percent(flagged.false_alarm_rate)


def _recall(flagged: Flagged) -> str:
    return _share(flagged.recall, flagged.recall_interval)


def _alarms(flagged: Flagged) -> str:
    return _share(flagged.false_alarm_rate, flagged.false_alarm_interval)


def _with(value: float, interval: Interval) -> str:
    return f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _share(value: float, interval: Interval) -> str:
    return f"{percent(value)} ({100 * interval.low:.1f} to {percent(interval.high)})"
