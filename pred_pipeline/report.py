"""The page a yield engineer opens after a prediction: which wafers to look at first, and why."""

from collections.abc import Sequence

from markupsafe import Markup

from pred_pipeline.rows import PredictionRow
from wafer.bundle.reasons import Reason
from wafer.bundle.scoring import Bundle, Verdict
from wafer.report import Notice, badge, details, joined, notice, page, paragraph, section, table, tiles

SHOWN = 200
_COLOURS: dict[Verdict, Notice] = {"fail": "error", "inspect": "warning", "pass": "ok"}


def prediction_page(rows: Sequence[PredictionRow], bundle: Bundle, budget: float) -> str:
    """Render ranked rows as one HTML page."""
    flagged = [row for row in rows if row.verdict == "fail"]
    strange = [row for row in rows if row.verdict == "inspect"]
    passing = [row for row in rows if row.verdict == "pass"]
    body = tiles(
        [
            ("Look at first", len(flagged) + len(strange), "wafers to fail or to inspect"),
            ("Likely to fail", len(flagged), "at or above the threshold"),
            ("Inspect", len(strange), "unlike the training wafers"),
            ("Pass", len(passing), "below the threshold"),
        ]
    )
    body += _headline(flagged, strange, rows)
    body += section("Look at these first", _ranked([*flagged, *strange]))
    if strange:
        body += section("Why some wafers are not judged", _strange(strange))
    body += section("What the threshold means", _threshold(bundle, budget))
    body += section("Clusters", _clusters(rows, bundle))
    body += section("Every other wafer", details(f"{len(passing)} passing wafers", _plain(passing)))
    version, run = (rows[0].model_version, rows[0].run_id) if rows else ("", "")
    return page("Wafers to look at", body, f"{len(rows)} wafers, model version {version}, run {run}")


def _headline(
    flagged: Sequence[PredictionRow], strange: Sequence[PredictionRow], rows: Sequence[PredictionRow]
) -> Markup:
    if len(strange) > max(5, len(rows) // 10):
        text = (
            f"{len(strange)} of {len(rows)} wafers are unlike anything the model was trained on. "
            "Check the tool or the export first; then train again with wafers like these."
        )
        return notice("warning", text)
    if not flagged and not strange:
        return notice("ok", "No wafer stands out.")
    return notice("ok", "The list starts with the most suspicious wafer. A flag is a reason to look, not a proof.")


def _ranked(rows: Sequence[PredictionRow]) -> Markup:
    if not rows:
        return paragraph("None.")
    ordered = sorted(rows, key=lambda row: row.rank)
    headers = ["#", "Wafer", "Verdict", "Probability", "What pushed it up", "Cluster", "Distance", "File"]
    lines = [
        (
            row.rank,
            row.wafer,
            badge(_COLOURS[row.verdict], row.verdict),
            f"{row.probability:.1%}",
            Markup("<br>").join(_phrase(reason) for reason in row.top_sensors[:3]),
            row.cluster,
            f"{row.distance_percentile:.1f} %",
            row.file,
        )
        for row in ordered[:SHOWN]
    ]
    shown = table(headers, lines, numeric=(0, 3, 5, 6))
    rest = len(ordered) - len(lines)
    return shown + (paragraph(f"{rest} more are in predictions.csv.") if rest else Markup())


def _phrase(reason: Reason) -> Markup:
    value = "silent, read as its median" if reason.value is None else f"{reason.value:.6g}"
    usual = f"usual {reason.usual_low:.6g} to {reason.usual_high:.6g}"
    return Markup("<strong>{}</strong> {} <small>({}; +{:.2f})</small>").format(
        reason.sensor, value, usual, reason.contribution
    )


def _strange(rows: Sequence[PredictionRow]) -> Markup:
    lines = [(row.wafer, row.note, row.file) for row in rows[:SHOWN]]
    text = "The model has no ground for these wafers, so its probability is shown but not used."
    return paragraph(text) + table(["Wafer", "Why", "File"], lines)


def _threshold(bundle: Bundle, budget: float) -> Markup:
    threshold = bundle.out_of_fold.threshold(budget)
    quality = bundle.out_of_fold.quality(budget)
    text = (
        f"A wafer is flagged from a probability of {threshold:.2%}. On {quality.wafers} training wafers, each scored "
        f"by models that had not seen it, this flags {quality.false_alarm_rate:.0%} of the good wafers "
        f"(budget {budget:.0%}) and finds {quality.recall:.0%} of the failing ones (chance would find {budget:.0%})."
    )
    explained = (
        "The numbers after a sensor are its reading, where 90 % of the passing training wafers lie, and how far it "
        "pushed the log-odds of failing. Distance is the share of training wafers that lie closer to the middle."
    )
    return paragraph(text) + paragraph(explained)


def _clusters(rows: Sequence[PredictionRow], bundle: Bundle) -> Markup:
    lines = []
    for said in bundle.about["clusters"]:
        mine = [row for row in rows if row.cluster == said["cluster"]]
        look = sum(row.verdict != "pass" for row in mine)
        auc = said["quality"][said["family"]]["auc"]
        family = {"random_forest": "random forest", "xgboost": "XGBoost"}[said["family"]]
        trained = joined([f"{said['wafers']} wafers", f"{said['failures']} failing"])
        lines.append((said["cluster"], len(mine), look, family, trained, f"{auc:.3f}"))
    headers = ["Cluster", "Wafers here", "To look at", "Model", "Trained on", "ROC AUC out of fold"]
    return table(headers, lines, numeric=(0, 1, 2, 5))


def _plain(rows: Sequence[PredictionRow]) -> Markup:
    if not rows:
        return paragraph("None.")
    lines = [
        (row.rank, row.wafer, f"{row.probability:.1%}", row.cluster, f"{row.distance_percentile:.1f} %") for row in rows
    ]
    return table(["#", "Wafer", "Probability", "Cluster", "Distance"], lines, numeric=(0, 2, 3, 4))
