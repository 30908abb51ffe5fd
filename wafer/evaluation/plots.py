"""Plots as SVG whose bytes depend on the data alone."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wafer.evaluation.elbow import Elbow
from wafer.evaluation.held_out import Tested
from wafer.evaluation.reliability import ReliabilityBin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, RED, GREY = "#2563eb", "#dc2626", "#888888"
_STYLE: "dict[Any, Any]" = {  # matplotlib types every key of its settings by name
    "svg.hashsalt": "wafer",
    "svg.fonttype": "none",
    "font.size": 9.0,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True, slots=True)
class RocLine:
    """One model's line in a ROC plot."""

    label: str
    false_alarm_rate: Sequence[float]
    recall: Sequence[float]
    colour: str = BLUE


def roc_plot(lines: Sequence[RocLine]) -> bytes:
    """Recall against false alarms, a line a model."""

    def draw(axes: "Axes") -> None:
        for line in lines:
            axes.plot(line.false_alarm_rate, line.recall, color=line.colour, label=line.label)
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
        axes.set(xlabel="false alarm rate", ylabel="recall")
        axes.legend(loc="lower right")

    return svg(draw)


def precision_plot(recall: Sequence[float], precision: Sequence[float], chance: float) -> bytes:
    """Share of the flagged wafers that fail against the share of the failing wafers found."""

    def draw(axes: "Axes") -> None:
        axes.plot(recall, precision, color=BLUE)
        axes.axhline(chance, color=GREY, linestyle=":", label=f"chance: {chance:.3f}")
        axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02))
        axes.legend(loc="upper right")

    return svg(draw)


def reliability_plot(bins: Sequence[ReliabilityBin]) -> bytes:
    """Observed failure rate against predicted probability."""
    predicted, observed = [each.predicted for each in bins], [each.observed for each in bins]
    top = 1.1 * max(*predicted, *observed, 0.01)

    def draw(axes: "Axes") -> None:
        axes.plot([0, top], [0, top], color=GREY, linestyle=":", label="perfect")
        axes.plot(predicted, observed, "o-", color=BLUE, label=f"{len(bins)} groups of equal size")
        axes.set(xlabel="predicted probability of failure", ylabel="observed failure rate")
        axes.legend(loc="upper left")

    return svg(draw)


def elbow_plot(found: Elbow) -> bytes:
    """Within-cluster sum of squares for each number of clusters."""

    def draw(axes: "Axes") -> None:
        axes.plot(list(found.inertia), list(found.inertia.values()), "o-", color=BLUE, markersize=4)
        axes.axvline(found.elbow, color=GREY, linestyle=":", label=f"elbow: {found.elbow}")
        axes.axvline(found.used, color=RED, linestyle="--", label=f"used: {found.used}")
        axes.set(xlabel="clusters", ylabel="within-cluster sum of squares")
        axes.legend()

    return svg(draw)


def forward_plot(parts: Sequence[Tested], budget: float) -> bytes:
    """AUC and false alarms of later files, in the order of time."""

    def draw(axes: "Axes") -> None:
        places = range(1, len(parts) + 1)
        for label, colour, rates in (
            ("false alarms by rank", BLUE, [each.recent.false_alarm_rate for each in parts]),
            ("false alarms, fixed threshold", RED, [each.fixed.false_alarm_rate for each in parts]),
        ):
            axes.plot(places, rates, "o-", color=colour, label=label, markersize=4)
        axes.axhline(budget, color=GREY, linestyle=":", label=f"budget {budget:g}")
        judged = [(place, each.auc) for place, each in zip(places, parts, strict=True) if each.auc is not None]
        axes.plot(*zip(*judged, strict=True), "s", color=GREY, label="AUC (0.5 is chance)", markersize=4)
        axes.set(xlabel="tested files, the earliest first", ylim=(0, 1), xticks=list(places))
        axes.legend(loc="upper left", fontsize=7)

    return svg(draw, width=7.0)


def svg(draw: "Callable[[Axes], None]", width: float = 5.2, height: float = 3.4) -> bytes:
    """Draw one plot, sizes in inches; no date and no random names go into the file."""
    import matplotlib.figure  # 0.8 s, which a task without a plot does not spend

    stream = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()
