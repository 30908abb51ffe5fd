"""Plots as SVG whose bytes depend on the data alone."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE: "dict[Any, Any]" = {  # matplotlib types every key of its settings by name
    "svg.hashsalt": "wafer",
    "svg.fonttype": "none",
    "font.size": 9.0,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def svg(draw: "Callable[[Axes], None]", width: float = 5.2, height: float = 3.4) -> bytes:
    """Draw one plot, sizes in inches; no date and no random names go into the file."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    stream = io.BytesIO()
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()
