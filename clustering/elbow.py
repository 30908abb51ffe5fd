"""The page that shows how the number of clusters was chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clustering.learn import Clusters
from wafer.evaluation.plots import svg
from wafer.model.recipe import Recipe
from wafer.reports import figure, notice, page, section, table, tiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def elbow_page(found: Clusters, wafers: Sequence[int], failures: Sequence[int], recipe: Recipe) -> str:
    """Render the elbow plot and the clusters as one HTML page."""
    body = tiles(
        [("Clusters", found.k, "each with models of its own"), ("Elbow", found.elbow, "what the curve asks for")]
    )
    body += notice("ok", _explanation(found, recipe))
    body += section("Elbow", figure(_plot(found), "Within-cluster sum of squares for each number of clusters"))
    rows = [(number, total, failures[number]) for number, total in enumerate(wafers)]
    body += section("Clusters", table(["Cluster", "Wafers", "Failing"], rows, numeric=(0, 1, 2)))
    return page("Clusters", body, f"{sum(wafers)} wafers, {sum(failures)} failing")


def _explanation(found: Clusters, recipe: Recipe) -> str:
    if found.k == found.elbow:
        return "The number of clusters is the elbow of the curve."
    return (
        f"The curve bends at {found.elbow}, but a cluster is only kept when it holds at least "
        f"{recipe.min_cluster_failures} failing wafers to learn from: {found.k} remain."
    )


def _plot(found: Clusters) -> bytes:
    def draw(axes: "Axes") -> None:
        axes.plot(list(found.inertia), list(found.inertia.values()), "o-", color="#2563eb", markersize=4)
        axes.axvline(found.elbow, color="#888888", linestyle=":", label=f"elbow: {found.elbow}")
        axes.axvline(found.k, color="#dc2626", linestyle="--", label=f"used: {found.k}")
        axes.set_xlabel("clusters")
        axes.set_ylabel("within-cluster sum of squares")
        axes.legend()

    return svg(draw)
