"""Pictures for the training report, the same bytes for the same figures."""

import io
from typing import TYPE_CHECKING

import numpy as np

from wafer.evaluation.metrics import roc_points
from wafer.wafers.arrays import Bools, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 8


def roc_plot(failed: Bools, probability: Floats) -> bytes:
    """ROC curve as SVG."""
    alarms, recall, _ = roc_points(failed, probability)
    figure, axes = _axes("share of good wafers flagged", "share of failing wafers found")
    axes.plot([0, 1], [0, 1], color="#9aa7b8", linestyle="--", linewidth=1)
    axes.plot(alarms, recall, color="#1f5fbf", drawstyle="steps-post")
    return _svg(figure)


def calibration_plot(failed: Bools, probability: Floats) -> bytes:
    """Observed failure rate against mean predicted probability, in groups of equal size, as SVG."""
    groups = np.array_split(np.argsort(probability, kind="stable"), BINS)
    predicted = [float(probability[group].mean()) for group in groups if len(group)]
    observed = [float(failed[group].mean()) for group in groups if len(group)]
    figure, axes = _axes("predicted probability of failure", "observed failure rate")
    top = 1.1 * max(*predicted, *observed, 0.01)
    axes.plot([0, top], [0, top], color="#9aa7b8", linestyle="--", linewidth=1)
    axes.plot(predicted, observed, "o-", color="#1f5fbf")
    return _svg(figure)


def _axes(x: str, y: str) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    axes.grid(alpha=0.3)
    return figure, axes


def _svg(figure: "Figure") -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "wafer", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
