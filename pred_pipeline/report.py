"""The page a yield engineer opens after a prediction: which wafers to review first, and the reasons."""

from markupsafe import Markup

from pred_pipeline.ranked import Ranked, Row
from wafer.evaluation.drift import LEAST_WAFERS, Drift
from wafer.model.contributions import Reason
from wafer.model.recent import Thresholds
from wafer.model.scoring import ModelBundle, Verdict
from wafer.reports import Notice, badge, details, notice, page, paragraph, section, table, tiles
from wafer.shares import percent
from wafer.store import layout

SHOWN = 200
SENSORS_SHOWN = 3
MOVED_SHOWN = 20
PASSING_SHOWN = 2000
_COLOURS: dict[Verdict, Notice] = {"fail": "error", "inspect": "warning", "pass": "ok"}


def prediction_page(ranked: Ranked, bundle: ModelBundle, budget: float, drift: Drift, thresholds: Thresholds) -> str:
    """Render the first of the ranked wafers as one HTML page."""
    found = ranked.forecasts
    body = tiles(
        [
            ("To review", f"{_to_review(ranked):,}", "verdict fail or inspect"),
            ("Fail", f"{found['fail']:,}", "at or above the threshold"),
            ("Inspect", f"{found['inspect']:,}", "unlike the training set"),
            ("Pass", f"{found['pass']:,}", "below the threshold"),
        ]
    )
    body += _headline(ranked)
    body += Markup().join(notice("warning", sentence) for sentence in (*drift.warnings(), *drift.notes()))
    body += section("Review these first", _reading_help(bundle, budget, thresholds), _ranked(ranked))
    body += section("Clusters", _clusters(ranked, bundle))
    body += section("Drift since the training", *_drift(drift))
    body += section("Passing wafers", details(f"{found['pass']:,} passing wafers", _plain(ranked)))
    version, run = (ranked.model_version, ranked.run_id) if len(ranked) else ("", "")
    return page("Wafers to review", body, f"{len(ranked):,} wafers, model version {version}, run {run}")


def _headline(ranked: Ranked) -> Markup:
    notices = Markup()
    if seen := ranked.in_training:
        notices += notice(
            "warning",
            f"{seen:,} of {len(ranked):,} wafers read exactly like wafers of the training set. The model knows their "
            "outcome, so their verdicts are no forecasts. They are not counted here, and listed in "
            f"{layout.PREDICTIONS_CSV} alone, after the others of their verdict.",
        )
    if not _to_review(ranked):
        notices += notice("ok", "No wafer to review.")
    return notices


def _to_review(ranked: Ranked) -> int:
    """How many wafers to review are forecasts; they have the first ranks."""
    return ranked.forecasts["fail"] + ranked.forecasts["inspect"]


def _drift(drift: Drift) -> list[Markup]:
    left = [_left(drift)] if drift.left else []
    if not drift.sensors:
        few = f"{drift.wafers} wafers are too few to measure how readings are distributed; {LEAST_WAFERS} are needed. "
        exact = "Sensors outside their range are found by an exact test."
        return [paragraph(few + exact), *left]
    told = paragraph(
        f"{len(drift.moved)} of {len(drift.sensors)} sensors in use have moved since the training, "
        f"{len(drift.newly_silent)} have fallen silent, and {percent(drift.unlike)} of the wafers are unlike "
        "every training wafer. The population stability index compares a sensor's readings with those of the passing "
        "training wafers: below 0.1 it is stable, above 0.25 it has moved."
    )
    rows = [
        (each.sensor, f"{each.stability:.2f}", percent(each.silent_in_training, 0), percent(each.silent_now, 0))
        for each in drift.sensors[:MOVED_SHOWN]
    ]
    headers = ("Sensor", "Stability index", "Silent in training", "Silent now")
    return [told, *left, details("The most moved sensors", table(headers, rows, numeric=(1, 2, 3)))]


def _left(drift: Drift) -> Markup:
    """The sensors that left their range."""
    headers = ("Sensor outside its range", "Readings", "Beyond", "Which is", "Chance without a change")
    rows = [
        (
            each.sensor,
            f"{each.outside} of {each.readings}",
            f"{each.side} {each.limit:.6g}",
            "the end of the usual range" if each.usual else "the end of all training readings",
            f"{each.chance:.1g}",
        )
        for each in drift.left[:MOVED_SHOWN]
    ]
    return table(headers, rows, numeric=(1, 4))


def _reading_help(bundle: ModelBundle, budget: float, thresholds: Thresholds) -> Markup:
    meaning = (
        f"A wafer is flagged from a probability of {percent(thresholds.value, 2)}. {thresholds.sentence} "
        f"{_promise(bundle, budget, thresholds)} A random choice would find {percent(budget, 0)}. "
        "A flag is a reason to review the wafer, not a proof."
    )
    columns = (
        "Each reason is a sensor with its reading, its usual range (90 % of the passing training wafers), the shares "
        "of passing and of failing training wafers that read lower, and its contribution: how far it raises the "
        "log-odds of failure above those of the usual passing wafer. Distance is the share of the training set that is "
        "closer to the centre of its cluster. A wafer to inspect is unlike the training set: its probability is shown, "
        "but not used."
    )
    return paragraph(meaning) + details("How to read the table", paragraph(columns))


def _promise(bundle: ModelBundle, budget: float, thresholds: Thresholds) -> str:
    """What such verdicts were worth on later files; with another budget, or without such a test, at random."""
    later = bundle.about.forward
    if later is None or budget != bundle.false_alarm_budget:
        quality = bundle.out_of_fold.quality(budget)
        return (
            f"On {quality.wafers:,} training wafers held out at random, which look easier than the next batch, the "
            f"fixed one flags {percent(quality.false_alarm_rate, 0)} of the passing ones (budget "
            f"{percent(budget, 0)}) and finds {percent(quality.recall, 0)} of the failing ones."
        )
    counted = later.pooled.fixed if thresholds.rule == "fixed" else later.pooled.recent
    return (
        f"On {counted.failures + counted.passes:,} wafers of files later than those learned from, such verdicts found "
        f"{counted.found} of {counted.failures} failing ones ({percent(counted.recall, 0)}) and flagged "
        f"{percent(counted.false_alarm_rate, 0)} of the passing ones (budget {percent(budget, 0)})."
    )


def _ranked(ranked: Ranked) -> Markup:
    if not (review := _to_review(ranked)):
        return paragraph("None.")
    headers = ["#", "Wafer", "Verdict", "Probability", "Reasons", "Cluster", "Distance", "File"]
    lines = [
        (
            row.rank,
            row.wafer,
            badge(_COLOURS[row.verdict], row.verdict),
            percent(row.probability),
            _why(row),
            row.cluster,
            percent(row.distance_percentile / 100),
            row.file,
        )
        for row in ranked.shown(0, min(SHOWN, review))
    ]
    rest = review - len(lines)
    more = paragraph(f"{rest:,} more are in {layout.PREDICTIONS_CSV}.") if rest else Markup()
    return table(headers, lines, numeric=(0, 3, 5, 6)) + more


def _why(row: Row) -> Markup:
    lines = [Markup("<em>{}</em>").format(row.note)] if row.note else []
    context = ", ".join(f"{name} {text}" for name, text in row.context.items() if text)
    lines += [Markup("<small>{}</small>").format(context)] if context else []
    reasons = row.top_sensors[:SENSORS_SHOWN]
    lines += [_phrase(reason) for reason in reasons]
    if reasons:
        carried = sum(reason.contribution_share for reason in reasons)
        lines.append(Markup("<small>Together {} of what raises the score.</small>").format(percent(carried, 0)))
    return Markup("<br>").join(lines)


def _phrase(reason: Reason) -> Markup:
    value = "silent, read as its median" if reason.value is None else f"{reason.value:.6g}"
    return Markup("<strong>{}</strong> {} <small>({}; +{:.2f})</small>").format(
        reason.sensor, value, reason.compared(), reason.contribution
    )


def _clusters(ranked: Ranked, bundle: ModelBundle) -> Markup:
    lines = []
    wafers, look = ranked.by_cluster(len(bundle.about.clusters))
    for summary in bundle.about.clusters:
        trained = f"{summary.wafers} wafers, {summary.failures} failing"
        label = bundle.recipe.family(summary.family).label
        here = wafers[summary.cluster], look[summary.cluster]
        lines.append((summary.cluster, *here, label, trained, f"{summary.serving.auc:.3f}"))
    headers = ["Cluster", "Wafers here", "To review", "Model", "Trained on", "ROC AUC out of fold"]
    return table(headers, lines, numeric=(0, 1, 2, 5))


def _plain(ranked: Ranked) -> Markup:
    if not (passing := ranked.forecasts["pass"]):
        return paragraph("None.")
    lines = [
        (row.rank, row.wafer, percent(row.probability), row.cluster, percent(row.distance_percentile / 100))
        for row in ranked.shown(ranked.to_review, ranked.to_review + min(PASSING_SHOWN, passing))
    ]
    rest = passing - len(lines)
    listed = table(["#", "Wafer", "Probability", "Cluster", "Distance"], lines, numeric=(0, 2, 3, 4))
    return listed + (paragraph(f"{rest:,} more are in {layout.PREDICTIONS_CSV}.") if rest else Markup())
