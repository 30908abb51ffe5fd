"""The page that shows how the number of clusters was chosen."""

from collections.abc import Sequence

from wafer.evaluation.elbow import Elbow
from wafer.evaluation.plots import elbow_plot
from wafer.model.recipe import Recipe
from wafer.reports import figure, notice, page, section, table, tiles


def elbow_page(found: Elbow, wafers: Sequence[int], failures: Sequence[int], recipe: Recipe) -> str:
    """Render the elbow plot and the clusters as one HTML page."""
    body = tiles(
        [("Clusters", found.used, "each with models of its own"), ("Elbow", found.elbow, "what the curve asks for")]
    )
    body += notice("ok", _explanation(found, recipe))
    body += section("Elbow", figure(elbow_plot(found), "Within-cluster sum of squares for each number of clusters"))
    rows = [(number, total, failures[number]) for number, total in enumerate(wafers)]
    body += section("Clusters", table(["Cluster", "Wafers", "Failing"], rows, numeric=(0, 1, 2)))
    return page("Clusters", body, f"{sum(wafers)} wafers, {sum(failures)} failing")


def _explanation(found: Elbow, recipe: Recipe) -> str:
    if found.used == found.elbow:
        return "The number of clusters is the elbow of the curve."
    return (
        f"The curve bends at {found.elbow}, but a cluster is only kept when it holds at least "
        f"{recipe.min_cluster_failures} failing wafers to learn from: {found.used} remain."
    )
