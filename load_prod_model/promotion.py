"""The training's last act: bundle, registry, decision, report, published folder; safe to repeat at any time.

The order is what makes it so: a version is complete before it is decided on, the decision is kept with the version
before the alias moves, and the run's folder is published last. A repeated promotion finds its own decision and goes on,
unless another run's model came into production since: then it is decided again, against that one.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from load_prod_model.card import as_html, as_markdown, model_card
from load_prod_model.comparison import Comparison, compare
from load_prod_model.report import training_report
from load_prod_model.stage import Decision, decide
from wafer.documents import Documents
from wafer.evaluation.metrics import Quality
from wafer.model import ModelBundle, Wafers, assemble_bundle, load_bundle, read_wafers, training_rows
from wafer.registry import MODEL, Member, ModelVersion, Registry, TrainingRecord
from wafer.reports import page as report_page
from wafer.store import Store, layout, publish

METRICS = ("auc", "pr_auc", "ber", "recall", "false_alarm_rate", "recall_at_10", "brier_skill")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the stages before left behind."""

    manifest: Path
    validation_report: Path
    export: Path
    preprocessor: Path
    cluster_model: Path
    elbow: Path
    global_models: Path
    members: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Promoted:
    """The version a training ended in, and what was decided."""

    model_version: int
    promoted: bool
    reason: str
    metrics: dict[str, float]

    def counts(self) -> dict[str, Any]:
        """What the stage reports of itself."""
        return {"model_version": self.model_version, "promoted": self.promoted, "auc": self.metrics["auc"]}


def promote_run(
    parts: Parts,
    *,
    run_id: str,
    store: Store,
    documents: Documents,
    registry: Registry,
    bundle: Path,
    decision: Path,
    report: Path,
) -> Promoted:
    """Assemble, register, decide, move the alias, publish; what was decided."""
    manifest = json.loads(parts.manifest.read_text(encoding="utf-8"))
    model = assemble_bundle(
        preprocessor_dir=parts.preprocessor,
        cluster_model_dir=parts.cluster_model,
        global_dir=parts.global_models,
        member_dirs=parts.members,
        out=bundle,
        contract_digest=manifest["contract"],
    )
    quality = model.out_of_fold.quality(model.false_alarm_budget)
    files = [parts.manifest, parts.elbow]
    parent = registry.log_training(_record(run_id, model, quality, manifest, files))
    version = registry.register(bundle, model.digest, parent, run_id)
    decided = _settle(registry, version, model, quality, run_id, parts, documents)
    card = model_card(model, quality, decided, manifest, training_rows(read_wafers(parts.export)))
    title = f"Version {version.version} of {MODEL}"
    registry.describe(version, as_markdown(card, title))
    decision.write_text(json.dumps(decided, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    page = training_report(model, quality, decided, manifest, parts.elbow, card)
    report.write_text(page, encoding="utf-8")
    _publish(
        store,
        run_id,
        parts,
        decision,
        report,
        {
            layout.MODEL_CARD: as_markdown(card, title).encode(),
            layout.MODEL_CARD_PAGE: report_page(title, as_html(card), f"Bundle {model.digest}").encode(),
        },
    )
    return Promoted(version.version, decided["promoted"], decided["reason"], decided["metrics"])


def _record(
    run_id: str, model: ModelBundle, quality: Quality, manifest: Mapping[str, Any], files: Sequence[Path]
) -> TrainingRecord:
    members = [
        Member(
            name=f"cluster-{summary.cluster}-{family}",
            params={"family": family, "chosen": family == summary.family, "share": summary.share},
            metrics=found.to_json(),
        )
        for summary in model.about.clusters
        for family, found in summary.quality.items()
    ]
    return TrainingRecord(
        run_id=run_id,
        tags={"bundle": model.digest, "contract": manifest["contract"]},
        params=model.recipe.to_json(),
        metrics=figures(quality),
        files=files,
        members=members,
    )


def figures(quality: Quality) -> dict[str, float]:
    """The out-of-fold figures that are reported everywhere."""
    found = quality.to_json()
    return {name: round(found[name], 6) for name in METRICS}


def _settle(
    registry: Registry,
    version: ModelVersion,
    model: ModelBundle,
    quality: Quality,
    run_id: str,
    parts: Parts,
    documents: Documents,
) -> dict[str, Any]:
    """Decide and move the alias; a decision that was overtaken by another run's promotion is made again."""
    decided = version.decision if version.decision.get("run_id") == run_id else {}
    while True:
        if not decided:
            last, champion = registry.champion()
            decision = _decide(registry, champion, version, model, quality, run_id, parts, documents)
            decided = decision | {"after_promotion": last}
            registry.decide(version.version, decided)
        if not decided["promoted"]:
            registry.stage(version.version)
            return decided
        if registry.take_over(version.version, after=decided["after_promotion"], by=run_id):
            return decided
        decided = {}


def _decide(
    registry: Registry,
    champion: ModelVersion | None,
    version: ModelVersion,
    model: ModelBundle,
    quality: Quality,
    run_id: str,
    parts: Parts,
    documents: Documents,
) -> dict[str, Any]:
    if champion and champion.version == version.version:
        reason = f"The training made the bundle of version {version.version} again, which is in production."
        return _decision(run_id, version, quality, Decision(True, reason, ()), None)
    champion_model = _load(registry, champion) if champion else None
    comparison = None
    if champion and champion_model and set(champion_model.preprocessor.contract) == set(model.preprocessor.contract):
        comparison = compare(
            model, champion_model, champion.version, _learned_from(model, champion_model, parts.export, documents)
        )
    return _decision(
        run_id, version, quality, decide(quality, champion.version if champion else None, comparison), comparison
    )


def _load(registry: Registry, champion: ModelVersion) -> ModelBundle:
    with tempfile.TemporaryDirectory(prefix="champion-") as scratch:
        return load_bundle(registry.download(champion.version, Path(scratch)), expected_digest=champion.digest)


def _learned_from(challenger: ModelBundle, champion: ModelBundle, export: Path, documents: Documents) -> list[Wafers]:
    """This run's wafers, and those only the champion learned from."""
    ours = set(challenger.out_of_fold.ids)
    elsewhere = [each for each in champion.out_of_fold.ids if each not in ours]
    return [read_wafers(export), _from_documents(documents, elsewhere, champion.preprocessor.contract)]


def _from_documents(documents: Documents, ids: Sequence[str], sensors: Sequence[str]) -> Wafers:
    """Readings of wafers that only the champion learned from, as far as the database still holds them."""
    found = list(documents.read("training", ids))
    readings = [[each["readings"].get(sensor, np.nan) for sensor in sensors] for each in found]
    return Wafers(
        ids=tuple(each["_id"] for each in found),
        names=tuple(each["wafer"] for each in found),
        files=tuple(each["file"] for each in found),
        sensors=tuple(sensors),
        readings=np.array(readings, dtype=np.float64).reshape(len(found), len(sensors)),
    )


def _decision(
    run_id: str, version: ModelVersion, quality: Quality, decision: Decision, comparison: Comparison | None
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "model_version": version.version,
        "digest": version.digest,
        "promoted": decision.promoted,
        "reason": decision.reason,
        "floors": [asdict(floor) | {"passed": floor.passed} for floor in decision.floors],
        "comparison": asdict(comparison) | {"difference": comparison.difference} if comparison else None,
        "metrics": figures(quality),
        "wafers": quality.wafers,
        "failures": quality.failures,
    }


def _publish(store: Store, run_id: str, parts: Parts, decision: Path, report: Path, card: Mapping[str, bytes]) -> None:
    files: dict[str, Path | bytes] = {
        layout.MANIFEST: parts.manifest,
        layout.VALIDATION_REPORT: parts.validation_report,
        layout.DECISION: decision,
        layout.REPORT: report,
        **card,
    }
    publish(store, layout.published("train", run_id), files, run_id=run_id)
