"""The model card of one version: what it was made from, how good it is, what its threshold means, and its limits.

One list of parts, written twice: as Markdown for the registry, as HTML for people (Mitchell et al. 2019 for the form).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from load_prod_model.held_out import BY_FILE, HEADERS, ThreeWays
from wafer import reports as report
from wafer.contract.manifest import Manifest
from wafer.evaluation.decision import PromotionDecision
from wafer.evaluation.quality import Quality
from wafer.model import ModelBundle, Wafers
from wafer.shares import percent

TOP_SENSORS = 15
EXPLAINED = 100  # wafers that the ranking of sensors is averaged over

Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """A titled part of the card: sentences, and a table where there is one."""

    title: str
    sentences: Sequence[str]
    headers: tuple[str, ...] = ()
    rows: Rows = ()
    picture: bytes | None = None  # SVG, of which Markdown goes without


def model_card(
    model: ModelBundle,
    quality: Quality,
    found: ThreeWays,
    decision: PromotionDecision,
    manifest: Manifest,
    wafers: Wafers,
) -> list[Part]:
    """The card's parts; `wafers` are some of those that the model learned from."""
    return [
        _use(decision),
        _data(model, quality, manifest),
        *_figures(found, quality),
        _threshold(model, quality),
        _clusters(model),
        _sensors(model, wafers),
        _limits(),
    ]


def as_markdown(parts: Sequence[Part], title: str) -> str:
    """The card as Markdown."""
    lines = [f"# {title}", ""]
    for part in parts:
        lines += [f"## {part.title}", "", *(f"{sentence}\n" for sentence in part.sentences)]
        if part.rows:
            lines += [f"| {' | '.join(part.headers)} |", f"|{'---|' * len(part.headers)}"]
            lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in part.rows] + [""]
    return "\n".join(lines)


def as_html(parts: Sequence[Part]) -> Markup:
    """The card as the body of a page."""
    return Markup().join(
        report.section(
            part.title,
            *(report.paragraph(report.coded(sentence)) for sentence in part.sentences),
            *([report.table(part.headers, part.rows, numeric=range(1, len(part.headers)))] if part.rows else []),
            *([report.figure(part.picture, part.title)] if part.picture else []),
        )
        for part in parts
    )


def _use(decision: PromotionDecision) -> Part:
    return Part(
        "What it is for",
        [
            "It ranks wafers by how suspicious their sensor readings are, so that people review the right ones first. "
            "A flag is a reason to review a wafer, not a proof, and a pass is not a release.",
            f"Training run {decision.run_id}, bundle {decision.digest}. {decision.reason}",
        ],
    )


def _data(model: ModelBundle, quality: Quality, manifest: Manifest) -> Part:
    return Part(
        "Data",
        [
            f"{quality.wafers:,} wafers, {quality.failures} of them failed ({percent(quality.failure_rate)}), from "
            f"{len(manifest.good)} batch files; "
            f"{len(manifest.bad)} files were refused. Exact copies of a wafer count once.",
            f"{len(model.preprocessor.sensors)} of {len(model.preprocessor.contract)} sensors are used. The others are "
            f"constant, mostly silent, or move together with a sensor that is used. Contract {manifest.contract[:16]}.",
        ],
        ("file", "wafers", "sha256"),
        [(each.name, str(each.rows_good), each.sha256[:16]) for each in manifest.good],
    )


def _figures(found: ThreeWays, quality: Quality) -> Iterator[Part]:
    other = (
        f"With wafers held out at random, the balanced error rate at the fixed threshold is {quality.ber:.3f} (chance "
        f"0.500), recall at 10 % false alarms is {quality.recall_at_10:.3f} (0.100), and the Brier skill is "
        f"{quality.brier_skill:.3f} (0.000)."
    )
    yield Part("How good it is", [*found.sentences(), other], HEADERS, found.rows())
    if by_file := found.by_file():
        yield Part(
            "File by file, forward in time",
            ["Each row is asked of a model of earlier files. Few failures a file say little about it by themselves."],
            BY_FILE,
            by_file,
            found.curve(),
        )


def _threshold(model: ModelBundle, quality: Quality) -> Part:
    per_hundred = 100 / quality.wafers
    missed = quality.failures - quality.found
    return Part(
        "What the threshold means",
        [
            f"The false-alarm budget is {percent(model.false_alarm_budget, 0)} of the passing wafers: a prediction "
            "flags that share of the recent scores, the highest. The fixed threshold of the training, for whoever asks "
            "for it and until enough scores are known, is a probability of "
            f"{model.out_of_fold.threshold(model.false_alarm_budget):.3f}.",
            "At the fixed threshold, with wafers held out at random, of 100 wafers about "
            f"{quality.flagged * per_hundred:.1f} are flagged; {quality.found * per_hundred:.1f} of those fail, and "
            f"{missed * per_hundred:.1f} failing ones are missed.",
        ],
    )


def _clusters(model: ModelBundle) -> Part:
    rows = [
        (
            str(summary.cluster),
            f"{summary.wafers:,}",
            str(summary.failures),
            model.recipe.family(summary.family).label,
            f"{summary.serving.auc:.3f}",
            f"{summary.calibration.slope:.2f}",
        )
        for summary in model.about.clusters
    ]
    sentence = (
        "KMeans groups the wafers. A cluster's score is the mean of its own model and of one trained on all wafers."
    )
    return Part("Clusters", [sentence], ("cluster", "wafers", "failures", "model", "AUC", "calibration slope"), rows)


def _sensors(model: ModelBundle, wafers: Wafers) -> Part:
    contributions = np.abs(model.explain(wafers)).mean(axis=0)
    order = np.argsort(-contributions, kind="stable")[:TOP_SENSORS]
    rows = []
    for place in order:
        sensor = model.preprocessor.sensors[int(place)]
        low, high = model.statistics.usual_range(sensor)
        rows.append((sensor, f"{contributions[place]:.3f}", f"{low:.6g} to {high:.6g}"))
    sentence = "Mean absolute contribution to a wafer's log-odds of failure (exact Shapley values of the trees)."
    return Part("Sensors that matter most", [sentence], ("sensor", "contribution", "usual range"), rows)


def _limits() -> Part:
    return Part(
        "Limits",
        [
            "Wafers made after the training set are harder than wafers between those it learned from: expect the "
            "figures forward in time, not the random ones. Train again with every new labelled batch, and watch the "
            "drift section of each prediction report.",
            "Wafers that read exactly like a training wafer are marked: the model knows their outcome. Wafers "
            "unlike the training set get the verdict `inspect`, whatever their probability.",
        ],
    )
