"""The quality benchmark's table and what a reader must know to read it."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.figures import FIGURES, Pooled, differences, figures_of
from benchmarks.folds import Plan, Protocol
from benchmarks.systems import TREES
from wafer.wafers.arrays import Wafers

PooledByRepeat = Mapping[tuple[Protocol, str], Sequence[Pooled]]  # (protocol, system) -> one `Pooled` a repeat
HEADERS = ("protocol", "system", "folds", *FIGURES)


def rows_by_group(pooled: PooledByRepeat, folds: Mapping[Protocol, int], plan: Plan) -> list[list[list[str]]]:
    """For each protocol the figures of every system, then the first system minus each of the others.

    `folds` counts those of one repeat.
    """
    groups = []
    for protocol in dict.fromkeys(protocol for protocol, _ in pooled):
        (ours, first), *peers = [(name, found) for (each, name), found in pooled.items() if each == protocol]
        systems = [(ours, first), *peers]
        groups.append([[protocol, name, *_figures(found, folds[protocol])] for name, found in systems])
        gaps = [[protocol, f"{ours} - {name}", *_gaps(first, found, folds[protocol], plan)] for name, found in peers]
        groups.append(gaps)
    return groups


def _figures(repeats: Sequence[Pooled], folds: int) -> list[str]:
    figures = np.array([list(figures_of(each).values()) for each in repeats])
    cells = [_plain(mean) for mean in figures.mean(axis=0)]
    if len(figures) > 1:
        spread = figures.std(axis=0, ddof=1)
        cells = [f"{cell} ± {_plain(sd)}" for cell, sd in zip(cells, spread, strict=True)]
    return [str(len(repeats) * folds), *cells]


def _gaps(ours: Sequence[Pooled], theirs: Sequence[Pooled], folds: int, plan: Plan) -> list[str]:
    shared = min(len(ours), len(theirs))
    found = differences(ours[:shared], theirs[:shared], plan.resamples)
    cells = [f"{_signed(gap.mean)} ({_signed(gap.low)} to {_signed(gap.high)})" for gap in found.values()]
    return [str(shared * folds), *cells]


def _plain(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)


def protocol_of(wafers: Wafers, source: str, plan: Plan, code: str) -> list[str]:
    """Say how it was measured; `code` names the product's training code."""
    failures = 0 if wafers.failed is None else int(wafers.failed.sum())
    smaller = " All systems cut down by --quick." if plan.quick else ""
    return [
        f"{len(wafers):,} {source} labelled wafers, {failures} failing (exact copies once). "
        "forward: a past that grows, asked about the files that follow it in time, as `wafer backtest`. files: whole "
        f"files held out, in four folds. random: {plan.repeats} x {plan.folds} stratified folds, where neighbours of a "
        "wafer are learned from: the figure that promises most and holds least.",
        f"Product (training code {code}): every training stage as in a run, on the training part of the fold "
        "only: sensor filters, medians, clusters, global and cluster models, calibration, choice of family, "
        "threshold." + smaller,
        f"Peers in the same folds: one balanced RandomForest of {TREES} trees, medians for silent sensors; XGBoost "
        "with its defaults; a ridge logistic regression, medians for silent sensors, standardised readings; the "
        "older recipe (see Speed of the DAGs) with its full grids. The older recipe cannot train a cluster "
        "with fewer than 4 failing wafers; there it passes every wafer.",
        "Scores are pooled over the folds of a repeat; mean ± standard deviation over the repeats.",
        "BER: at the system's own threshold, set on the training part with a budget of 10 % false alarms "
        "(product: out of fold; forest: out of bag; XGBoost and logistic: in 3 folds); the older recipe flags from .5. "
        "Lowest BER: at the best threshold in hindsight. Brier skill: of each system's own probabilities; "
        "0 is as good as the failure rate alone.",
        "Differences: product minus peer, over the repeats that both took part in; 90 % interval of "
        f"{plan.resamples} paired bootstrap samples of the wafers, drawn separately from failing and passing ones.",
    ]
