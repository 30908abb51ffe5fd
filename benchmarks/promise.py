"""How often a period of the scorecard says that a promise is broken: of sound wafers, of wrong outcomes, of chance."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmarks.report import Section, this_machine
from wafer.evaluation.intervals import exact_share
from wafer.evaluation.metrics import roc_auc
from wafer.evaluation.promised import PromisedRanking
from wafer.evaluation.scorecard import CHANCE, ranking, statement
from wafer.evaluation.standing import Share
from wafer.wafers.arrays import Bools, Floats

TEST = 52, 885  # failing and passing wafers of the forward test of the 1,137 real ones
PROMISED = 0.64, 0.76  # AUC forward in time, and over random folds
FAILURES = 15, 30, 60  # of a period
PASSES = 15  # for each failing wafer: some 6 % fail
BUDGET = 0.1
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Live:
    """What a period is really like: the share of its outcomes that are wrong, and whether scores mean anything."""

    name: str
    wrong: float = 0.0
    by_chance: bool = False


KINDS = (
    Live("sound"),
    *(Live(f"{100 * share:.0f} % wrong", share) for share in (0.1, 0.2, 0.3)),
    Live("by chance", by_chance=True),
)


def measure_promise(*, periods: int, say: Say) -> Section:
    """Draw periods of every kind and count those that the scorecard calls broken."""
    random = np.random.default_rng(1)
    rows = []
    for promised in PROMISED:
        for failures in FAILURES:
            say(f"promised AUC {promised:.2f}, {failures} failing wafers")
            shares = [_broken(promised, failures, live, periods, random) for live in KINDS]
            rows.append(
                [f"{promised:.2f}", str(failures), *(f"{by_budget:.2f}, {by_auc:.2f}" for by_budget, by_auc in shares)]
            )
    return Section(
        name="promise",
        title="The scorecard: how often a promise is called broken",
        command=f"python -m benchmarks promise --periods {periods}",
        machine=this_machine(),
        protocol=list(_protocol(periods)),
        headers=("promised AUC", "failing wafers", *(live.name for live in KINDS)),
        groups=[rows],
    )


def _protocol(periods: int) -> Iterator[str]:
    failing, passing = TEST
    yield (
        f"Made-up periods, {periods} in each field; 6 % of the wafers fail, the top {100 * BUDGET:.0f} % of the scores "
        "is flagged. Scores are normal, those of failing wafers further up by what makes the promised AUC."
    )
    yield f"The promise is drawn anew for each period, from a test of {failing} failing and {passing} passing wafers."
    yield "First the share of periods whose false alarms break the budget, then the share whose AUC breaks the promise."
    yield "Wrong: outcomes flipped. By chance: scores that say nothing."


def _broken(
    promised: float, failures: int, live: Live, periods: int, random: np.random.Generator
) -> tuple[float, float]:
    """The share of periods that break the budget, and the share that break the promise of the ranking."""
    each = [_statements(promised, failures, live, random) for _ in range(periods)]
    return sum(budget == "broken" for budget, _ in each) / periods, sum(auc == "broken" for _, auc in each) / periods


def _statements(promised: float, failures: int, live: Live, random: np.random.Generator) -> tuple[str, str]:
    test = PromisedRanking.of(roc_auc(*_drawn(promised, *TEST, random)), *TEST)
    failed, scores = _drawn(CHANCE if live.by_chance else promised, failures, failures * PASSES, random)
    failed ^= random.random(len(failed)) < live.wrong
    flagged = scores >= np.quantile(scores, 1 - BUDGET)
    failing, passing = int(failed.sum()), int((~failed).sum())
    alarms = exact_share(int(flagged[~failed].sum()), passing)
    auc = roc_auc(failed, scores)
    return (
        statement(BUDGET, Share(value=float(flagged[~failed].mean()), low=alarms.low, high=alarms.high)),
        ranking(Share(value=auc, low=auc, high=auc), test.least(failing, passing)),
    )


def _drawn(auc: float, failures: int, passes: int, random: np.random.Generator) -> tuple[Bools, Floats]:
    """Wafers whose scores rank them with this AUC, failing ones first."""
    failed = np.arange(failures + passes) < failures
    apart = math.sqrt(2) * NormalDist().inv_cdf(auc)  # standard deviations; of two normal distributions
    return failed, random.normal(failed * apart, 1.0)
