"""The page that shows how good one cluster's models are on wafers they never saw."""

from collections.abc import Mapping

from markupsafe import Markup

from model_training.judge import FamilyFigures
from wafer.evaluation.plots import RocLine, reliability_plot, roc_plot
from wafer.model.recipe import Recipe
from wafer.reports import figure, page, paragraph, section, table, tiles
from wafer.shares import percent


def cluster_page(cluster: int, family: str, figures: Mapping[str, FamilyFigures], recipe: Recipe) -> str:
    """Render figures, ROC, calibration and confusion as one HTML page."""
    serving = figures[family]
    quality = serving.quality
    body = tiles(
        [
            ("Serves", recipe.family(family).label, f"{recipe.families[0].label}, unless another is clearly better"),
            ("ROC AUC", f"{quality.auc:.3f}", ".5 is chance"),
            ("Recall", percent(quality.recall, 0), f"at {percent(recipe.false_alarm_budget, 0)} false alarms"),
            ("Threshold", f"{serving.threshold:.4f}", "at which this cluster alone keeps the budget"),
        ]
    )
    body += paragraph(
        "Every figure comes from wafers the scoring models had not seen (out of fold). "
        "The assembled model uses one threshold for all clusters, found the same way."
    )
    body += section("Families", _families(figures, recipe))
    body += section("Ranking", figure(_roc(figures, recipe), "Recall against false alarms for each family"))
    reliable = reliability_plot(serving.calibration)
    body += section("Calibration", figure(reliable, "Observed failure rate against predicted probability"))
    body += section("At the threshold", _confusion(serving))
    return page(f"Cluster {cluster}", body, f"{quality.wafers} wafers, {quality.failures} failing")


def _families(figures: Mapping[str, FamilyFigures], recipe: Recipe) -> Markup:
    headers = ["Family", "ROC AUC", "PR AUC", "BER", "Recall", "False alarms", "Brier skill"]
    rows = []
    for name, each in figures.items():
        q = each.quality
        values = (q.auc, q.pr_auc, q.ber, q.recall, q.false_alarm_rate, q.brier_skill)
        rows.append((recipe.family(name).label, *(f"{value:.3f}" for value in values)))
    return table(headers, rows, numeric=range(1, len(headers)))


def _confusion(serving: FamilyFigures) -> Markup:
    rows = [(truth, *counts) for truth, counts in zip(("passed", "failed"), serving.confusion, strict=True)]
    return table(["In truth", "Not flagged", "Flagged"], rows, numeric=(1, 2))


def _roc(figures: Mapping[str, FamilyFigures], recipe: Recipe) -> bytes:
    lines = []
    for name, each in figures.items():
        family = recipe.family(name)
        label = f"{family.label} ({each.quality.auc:.3f})"
        lines.append(RocLine(label, each.false_alarm_rate, each.recall, family.colour))
    return roc_plot(lines)
