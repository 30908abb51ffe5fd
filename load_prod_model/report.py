"""The training report: whether the version is in production, how good it is, what it was made from."""

from collections.abc import Sequence

from markupsafe import Markup

from load_prod_model.card import Part, as_html
from load_prod_model.held_out import BY_FILE, HEADERS, ThreeWays
from load_prod_model.pictures import Pictures
from wafer import reports as report
from wafer.contract.manifest import Manifest
from wafer.evaluation.decision import Comparison, OperatingPoint, PromotionDecision
from wafer.evaluation.quality import Quality
from wafer.model.scoring import ModelBundle
from wafer.shares import percent

FIGURES = {
    "auc": ("AUC", "chance that a failing wafer ranks above a passing one; 0.5 is chance"),
    "pr_auc": ("PR AUC", "average precision; chance is the failure rate"),
    "ber": (
        "Balanced error rate",
        "mean error on failing and passing wafers at the threshold; flagging nothing reaches 0.5",
    ),
    "recall": ("Recall", "share of the failing wafers flagged at the threshold"),
    "false_alarm_rate": ("False alarms", "share of the passing wafers flagged at the threshold"),
    "brier_skill": ("Brier skill", "gain of the probabilities over the plain failure rate; 0 is no gain"),
}

SHARES = {"recall", "false_alarm_rate"}  # of wafers


def training_report(
    model: ModelBundle,
    quality: Quality,
    found: ThreeWays,
    decision: PromotionDecision,
    manifest: Manifest,
    pictures: Pictures,
    card: Sequence[Part],
) -> str:
    """The whole page."""
    body = Markup("").join(
        [
            _verdict(decision),
            _tiles(quality, found, decision),
            _held_out(found, pictures),
            _quality(model, quality, decision, pictures),
            _requirements(decision),
            _comparison(decision),
            _data(manifest, quality, decision.near_copies),
            _clusters(model, pictures),
            report.details("Model card", as_html(card)),
        ]
    )
    subtitle = f"Run {decision.run_id}, bundle {decision.digest[:12]}"
    return report.page(f"Training: version {decision.model_version} of wafer-fault", body, subtitle)


def _verdict(decision: PromotionDecision) -> Markup:
    by_hand = ", who may promote it by hand" if decision.waits else ""
    sentence = f"Version {decision.model_version} {decision.decided}{by_hand}. {decision.reason}"
    return report.notice("ok" if decision.promoted else "warning", sentence)


def _tiles(quality: Quality, found: ThreeWays, decision: PromotionDecision) -> Markup:
    later = found.forward or found.random
    how = "forward in time" if found.forward else "wafers held out at random"
    verdicts = later.pooled.recent
    alarms = f"{verdicts.false_alarms} of {verdicts.passes:,} passing wafers"
    return report.tiles(
        [
            ("Training set", f"{quality.wafers:,} wafers", f"{quality.failures} of them failed"),
            ("AUC", f"{later.auc:.3f}", f"{how}; 0.5 is chance"),
            (
                "Failures found",
                percent(verdicts.recall, 0),
                f"{verdicts.found} of {verdicts.failures}, by rank, {how}",
            ),
            ("False alarms", percent(verdicts.false_alarm_rate, 0), f"{alarms}, by rank, {how}"),
            ("Version", decision.model_version, decision.decided),
        ]
    )


def _held_out(found: ThreeWays, pictures: Pictures) -> Markup:
    picture = pictures.forward
    by_file = report.table(BY_FILE, found.by_file(), numeric=range(1, len(BY_FILE)))
    return report.section(
        "How good it is on the next batch",
        *(report.paragraph(sentence) for sentence in found.sentences()),
        report.table(HEADERS, found.rows(), numeric=range(1, len(HEADERS))),
        report.figure(picture, "AUC and false alarms of later files, in the order of time") if picture else Markup(),
        report.details("File by file, forward in time", by_file) if found.forward else Markup(),
    )


def _quality(model: ModelBundle, quality: Quality, decision: PromotionDecision, pictures: Pictures) -> Markup:
    rows = [(name, _figure(key, getattr(decision.metrics, key)), meaning) for key, (name, meaning) in FIGURES.items()]
    rows_of = model.out_of_fold
    per_hundred = 100 * quality.flagged / quality.wafers
    hits = 100 * quality.found / max(quality.flagged, 1)
    return report.section(
        "How good it is with wafers held out at random",
        report.paragraph(
            "Every figure of this section comes from scores out of fold: by models that were not fitted on the wafer, "
            "but on wafers from just before and after it."
        ),
        report.table(("figure", "value", "what it means"), rows, numeric=(1,)),
        report.paragraph(
            f"At the threshold {rows_of.threshold(model.false_alarm_budget):.3f} about {per_hundred:.0f} of 100 wafers "
            f"are flagged, and about {hits:.0f} of 100 flagged wafers fail."
        ),
        report.figure(pictures.roc, "Recall against false alarms (ROC), out of fold"),
        report.figure(pictures.precision_recall, "Precision against recall, out of fold"),
        report.figure(pictures.calibration, "Predicted against observed failure rate"),
    )


def _figure(key: str, value: float) -> str:
    return percent(value) if key in SHARES else f"{value:.3f}"


def _requirements(decision: PromotionDecision) -> Markup:
    rows = [
        (
            report.badge("ok", "passed") if floor.passed else report.badge("error", "below"),
            floor.name,
            f"{floor.value:.3f}",
            f"{floor.limit:.3f}",
            floor.meaning,
        )
        for floor in decision.floors
    ]
    if not rows:
        return Markup()
    headers = ("", "figure", "value", "must exceed", "why")
    return report.section("Minimum requirements", report.table(headers, rows, numeric=(2, 3)))


def _comparison(decision: PromotionDecision) -> Markup:
    found = decision.comparison
    if not found:
        return Markup()
    rows = [
        (f"version {found.champion_version}, in production so far", f"{found.champion_auc:.3f}"),
        (f"version {decision.model_version}, this training", f"{found.challenger_auc:.3f}"),
        ("difference", f"{found.difference:+.3f}"),
        ("90 % interval of the difference", f"{found.low:+.3f} to {found.high:+.3f}"),
    ]
    return report.section(
        "Against the model in production",
        report.paragraph(
            f"Both on the same {found.wafers:,} wafers ({found.failures} failed), each scored by a model that "
            f"was not fitted on it. {found.added:,} wafers are only in the new training set, {found.missing:,} only in "
            f"that of the model in production, {found.relabelled:,} are in both with different outcomes. "
            f"{found.copies:,} near copies of other wafers do not count."
        ),
        report.table(("model", "AUC"), rows, numeric=(1,)),
        _thresholds(decision.model_version, found),
        _fall(found),
    )


def _thresholds(number: int, found: Comparison) -> Markup:
    points = ((found.champion_version, found.champion_point), (number, found.challenger_point))
    rows = [(f"version {version}", *_cells(point)) for version, point in points if point]
    by_rank = any(point and point.rule == "recent" for _, point in points)
    headers = (
        "by rank" if by_rank else "at its own threshold",
        "budget",
        "threshold",
        "failures found",
        "false alarms",
    )
    return report.table(headers, rows, numeric=(1, 2, 3, 4)) if rows else Markup()


def _cells(point: OperatingPoint) -> tuple[str, ...]:
    rates = percent(point.recall), percent(point.false_alarm_rate)
    return percent(point.budget), f"{point.threshold:.3f}", *rates


def _fall(found: Comparison) -> Markup:
    if not found.fall:
        return Markup()
    fall = found.fall
    return report.paragraph(
        f"Of the {fall.wafers:,} added wafers {fall.failures} failed. Version {found.champion_version}, which never "
        f"saw them, ranks them with an AUC of {fall.auc:.3f}; below {fall.limit:.3f} would be an alarm."
    )


def _data(manifest: Manifest, quality: Quality, near_copies: int) -> Markup:
    rows = [
        (each.name, f"{each.rows_in:,}", f"{each.rows_good:,}", f"{each.rows_quarantined:,}") for each in manifest.good
    ]
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for each in manifest.bad:
        alike.setdefault((each.codes, each.messages), []).append(each.name)
    refused = [
        (report.joined(names), ", ".join(codes), report.coded(" ".join(messages)))
        for (codes, messages), names in alike.items()
    ]
    learned = report.paragraph(
        f"{len(manifest.good)} of {len(manifest.files)} files are good; the training set has {quality.wafers:,} wafers"
        f". {near_copies:,} wafers read like another one to within a thousandth."
    )
    kept, refused_rows = (sum(each.rows_quarantined for each in files) for files in (manifest.good, manifest.bad))
    quarantined = report.paragraph(
        f"{kept + refused_rows:,} rows are in quarantine, {refused_rows:,} of them in refused files."
    )
    return report.section(
        "What it was made from",
        learned,
        quarantined,
        report.details("Good files", report.table(("file", "rows", "good", "quarantined"), rows, numeric=(1, 2, 3))),
        report.details(f"Refused files ({len(manifest.bad)})", report.table(("files", "codes", "reasons"), refused))
        if refused
        else Markup(),
    )


def _clusters(model: ModelBundle, pictures: Pictures) -> Markup:
    rows = []
    for summary in model.about.clusters:
        areas = ", ".join(
            f"{model.recipe.family(name).label} {found.auc:.3f}" for name, found in summary.quality.items()
        )
        label = model.recipe.family(summary.family).label
        rows.append((summary.cluster, summary.wafers, summary.failures, label, areas))
    headers = ("cluster", "wafers", "failures", "model", "AUC out of fold")
    picture = report.figure(pictures.elbow, "Elbow of the KMeans inertia")
    return report.section("Clusters", report.table(headers, rows, numeric=(0, 1, 2)), picture)
