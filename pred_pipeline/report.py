"""The page a yield engineer opens after a prediction: which wafers to review first, and the reasons."""

from collections.abc import Sequence

from markupsafe import Markup

from pred_pipeline.drift import LEAST_WAFERS, Drift
from pred_pipeline.rows import PredictionRow
from wafer.model.contributions import Reason
from wafer.model.scoring import ModelBundle, Verdict
from wafer.reports import Notice, badge, details, notice, page, paragraph, section, table, tiles
from wafer.store import layout

SHOWN = 200
SENSORS_SHOWN = 3
MOVED_SHOWN = 20
PASSING_SHOWN = 2000
_COLOURS: dict[Verdict, Notice] = {"fail": "error", "inspect": "warning", "pass": "ok"}


def prediction_page(rows: Sequence[PredictionRow], bundle: ModelBundle, budget: float, drift: Drift) -> str:
    """Render ranked rows as one HTML page."""
    look = [row for row in rows if row.verdict != "pass"]
    passing = [row for row in rows if row.verdict == "pass"]
    strange = sum(row.verdict == "inspect" for row in look)
    body = tiles(
        [
            ("To review", len(look), "verdict fail or inspect"),
            ("Fail", len(look) - strange, "at or above the threshold"),
            ("Inspect", strange, "unlike the training set"),
            ("Pass", len(passing), "below the threshold"),
        ]
    )
    body += _headline(rows, len(look))
    body += Markup().join(notice("warning", warning) for warning in drift.warnings())
    body += section("Review these first", _reading_help(bundle, budget), _ranked(look))
    body += section("Clusters", _clusters(rows, bundle))
    body += section("Drift since the training", *_drift(drift))
    body += section("Passing wafers", details(f"{len(passing)} passing wafers", _plain(passing)))
    version, run = (rows[0].model_version, rows[0].run_id) if rows else ("", "")
    return page("Wafers to review", body, f"{len(rows)} wafers, model version {version}, run {run}")


def _headline(rows: Sequence[PredictionRow], look: int) -> Markup:
    notices = Markup()
    if seen := sum(row.in_training for row in rows):
        notices += notice(
            "warning",
            f"{seen} of {len(rows)} wafers read exactly like wafers of the training set. The model knows "
            "their outcome, so their rank says nothing about how well it predicts.",
        )
    if not look:
        notices += notice("ok", "No wafer to review.")
    return notices


def _drift(drift: Drift) -> list[Markup]:
    if not drift.sensors:
        return [paragraph(f"{drift.wafers} wafers are too few to measure drift; {LEAST_WAFERS} are needed.")]
    told = paragraph(
        f"{len(drift.moved)} of {len(drift.sensors)} sensors in use have moved since the training, "
        f"{len(drift.newly_silent)} have fallen silent, and {drift.unlike:.1%} of the wafers are unlike every training "
        "wafer. The population stability index compares a sensor's readings with those of the passing training "
        "wafers: below 0.1 it is stable, above 0.25 it has moved."
    )
    rows = [
        (each.sensor, f"{each.stability:.2f}", f"{each.silent_in_training:.0%}", f"{each.silent_now:.0%}")
        for each in drift.sensors[:MOVED_SHOWN]
    ]
    headers = ("Sensor", "Stability index", "Silent in training", "Silent now")
    return [told, details("The most moved sensors", table(headers, rows, numeric=(1, 2, 3)))]


def _reading_help(bundle: ModelBundle, budget: float) -> Markup:
    threshold = bundle.out_of_fold.threshold(budget)
    quality = bundle.out_of_fold.quality(budget)
    meaning = (
        f"A wafer is flagged from a probability of {threshold:.2%}. On {quality.wafers} training wafers, each scored "
        f"out of fold, this flags {quality.false_alarm_rate:.0%} of the passing ones (budget {budget:.0%}) and "
        f"finds {quality.recall:.0%} of the failing ones. A random choice would find {budget:.0%}. "
        "A flag is a reason to review the wafer, not a proof."
    )
    columns = (
        "Each reason is a sensor with its reading, its usual range (90 % of the passing training wafers) and its "
        "contribution to the log-odds of failure. Distance is the share of the training set that is closer to the "
        "centre of its cluster. A wafer to inspect is unlike the training set: its probability is shown, but not used."
    )
    return paragraph(meaning) + details("How to read the table", paragraph(columns))


def _ranked(rows: Sequence[PredictionRow]) -> Markup:
    if not rows:
        return paragraph("None.")
    headers = ["#", "Wafer", "Verdict", "Probability", "Reasons", "Cluster", "Distance", "File"]
    lines = [
        (
            row.rank,
            row.wafer,
            badge(_COLOURS[row.verdict], row.verdict),
            f"{row.probability:.1%}",
            _why(row),
            row.cluster,
            f"{row.distance_percentile:.1f} %",
            row.file,
        )
        for row in rows[:SHOWN]
    ]
    rest = len(rows) - len(lines)
    more = paragraph(f"{rest} more are in {layout.PREDICTIONS_CSV}.") if rest else Markup()
    return table(headers, lines, numeric=(0, 3, 5, 6)) + more


def _why(row: PredictionRow) -> Markup:
    lines = [Markup("<em>{}</em>").format(row.note)] if row.note else []
    return Markup("<br>").join(lines + [_phrase(reason) for reason in row.top_sensors[:SENSORS_SHOWN]])


def _phrase(reason: Reason) -> Markup:
    value = "silent, read as its median" if reason.value is None else f"{reason.value:.6g}"
    usual = f"usual {reason.usual_low:.6g} to {reason.usual_high:.6g}"
    return Markup("<strong>{}</strong> {} <small>({}; +{:.2f})</small>").format(
        reason.sensor, value, usual, reason.contribution
    )


def _clusters(rows: Sequence[PredictionRow], bundle: ModelBundle) -> Markup:
    lines = []
    for summary in bundle.about.clusters:
        mine = [row for row in rows if row.cluster == summary.cluster]
        look = sum(row.verdict != "pass" for row in mine)
        trained = f"{summary.wafers} wafers, {summary.failures} failing"
        label = bundle.recipe.family(summary.family).label
        lines.append((summary.cluster, len(mine), look, label, trained, f"{summary.serving.auc:.3f}"))
    headers = ["Cluster", "Wafers here", "To review", "Model", "Trained on", "ROC AUC out of fold"]
    return table(headers, lines, numeric=(0, 1, 2, 5))


def _plain(rows: Sequence[PredictionRow]) -> Markup:
    if not rows:
        return paragraph("None.")
    lines = [
        (row.rank, row.wafer, f"{row.probability:.1%}", row.cluster, f"{row.distance_percentile:.1f} %")
        for row in rows[:PASSING_SHOWN]
    ]
    rest = len(rows) - len(lines)
    listed = table(["#", "Wafer", "Probability", "Cluster", "Distance"], lines, numeric=(0, 2, 3, 4))
    return listed + (paragraph(f"{rest:,} more are in {layout.PREDICTIONS_CSV}.") if rest else Markup())
