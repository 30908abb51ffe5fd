"""What models of earlier files would have predicted of each later file: a walk forward in time, file by file."""

from dataclasses import dataclass

import numpy as np

from wafer.evaluation.by_file import Backtest, Figure, FileTest, TestedFile, TestedFiles, Verdicts
from wafer.evaluation.curve import curve_of
from wafer.evaluation.held_out import Flagged, HeldOutFigures, Tested
from wafer.evaluation.intervals import Interval, bootstrap
from wafer.evaluation.scorecard import LEAST
from wafer.evaluation.standing import Share
from wafer.evaluation.walk_forward import Timeline
from wafer.wafers.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Walk:
    """The answers that a walk forward gave, (wafers,) all."""

    line: Timeline
    failed: Bools
    probability: Floats
    test: Ints  # which model was asked; -1 for none
    fixed: Bools  # flagged by either rule
    recent: Bools

    def backtest(self, budget: float) -> Backtest:
        """Figures by file and pooled."""
        asked, files = self.test >= 0, self.line.file
        tested = np.unique(files[asked]).tolist()
        first = self.line.names[: tested[0]]
        parts = tuple(self._tested(self.line.names[file], files == file) for file in tested)
        return Backtest(budget=budget, first_past=first, files=parts, pooled=self._tested("", asked))

    def _tested(self, name: str, rows: Bools) -> FileTest:
        failed, probability = self.failed[rows], self.probability[rows]
        auc, pr_auc = _ranking(failed, probability)
        fixed, recent = (verdicts_of(Flagged.of(failed, flagged[rows])) for flagged in (self.fixed, self.recent))
        return FileTest(
            name=name,
            learned_from=self._past(rows),
            wafers=len(failed),
            failures=int(failed.sum()),
            auc=auc,
            pr_auc=pr_auc,
            fixed=fixed,
            recent=recent,
        )

    def _past(self, rows: Bools) -> int:
        """How many wafers the first model learned from that was asked about these."""
        first = self.line.file[self.test == self.test[rows].min()].min()
        return int((self.line.file < first).sum())


def tested_files(found: HeldOutFigures) -> TestedFiles:
    """The figures of a bundle."""
    return TestedFiles(
        wafers=found.pooled.wafers,
        failures=found.pooled.failures,
        auc=_share(found.auc, found.auc_interval),
        pr_auc=_share(found.pr_auc, found.pr_auc_interval),
        fixed=verdicts_of(found.pooled.fixed),
        recent=verdicts_of(found.pooled.recent),
        files=tuple(_tested_file(each) for each in found.parts),
    )


def _tested_file(each: Tested) -> TestedFile:
    return TestedFile(
        name=each.name,
        wafers=each.wafers,
        failures=each.failures,
        auc=each.auc,
        fixed=verdicts_of(each.fixed),
        recent=verdicts_of(each.recent),
    )


def verdicts_of(counted: Flagged) -> Verdicts:
    """With exact intervals."""
    return Verdicts(
        found=counted.found,
        false_alarms=counted.false_alarms,
        recall=_share(counted.recall, counted.recall_interval) if counted.failures else None,
        false_alarm_rate=_share(counted.false_alarm_rate, counted.false_alarm_interval) if counted.passes else None,
    )


def _ranking(failed: Bools, probability: Floats) -> tuple[Figure | None, Figure | None]:
    failures, passes = int(failed.sum()), int((~failed).sum())
    if not failures or not passes:
        return None, None
    curve = curve_of(failed, probability)
    if min(failures, passes) < LEAST:
        return Figure(value=curve.auc), Figure(value=curve.average_precision)
    sure = bootstrap(failed, probability)
    return _figure(curve.auc, sure.auc), _figure(curve.average_precision, sure.pr_auc)


def _figure(value: float, interval: Interval) -> Figure:
    return Figure(value=value, low=interval.low, high=interval.high)


def _share(value: float, interval: Interval) -> Share:
    return Share(value=value, low=interval.low, high=interval.high)
