"""The training's last act: bundle, registry, decision, report, published folder; safe to repeat at any time.

The order is what makes it so: a version is complete before it is decided on, the decision is kept with the version
before the alias moves, and the run's folder is published last. A repeated promotion finds its own decision and
continues, unless another run's model came into production since: then it is decided again, against that one.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from load_prod_model.asking import how_to_ask, learned_from
from load_prod_model.card import EXPLAINED, as_html, as_markdown, model_card
from load_prod_model.held_out import ThreeWays
from load_prod_model.pictures import Pictures
from load_prod_model.report import training_report
from load_prod_model.settlement import Challenger, settle
from wafer.built_in import BUILT_IN
from wafer.contract.manifest import read_manifest
from wafer.documents import Documents
from wafer.evaluation.decision import Mode, PromotionDecision
from wafer.evaluation.elbow import read_elbow
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.model import ModelBundle, assemble_bundle
from wafer.model.assembly import OUT_OF_FOLD
from wafer.model.out_of_fold import load_out_of_fold
from wafer.registry import ChildRun, Parameter, Registry, TrainingRecord
from wafer.reports import page as report_page
from wafer.runs import task_records
from wafer.store import Store, layout, publish
from wafer.wafers.training_file import TrainingFile

BY_FILE_CSV, ELBOW_PAGE = "forward_by_file.csv", "elbow.html"  # in the registry


@dataclass(frozen=True, slots=True)
class Parts:
    """What the stages before left behind."""

    manifest: Path
    validation_report: Path
    export: Path  # every sensor, for a champion that uses others
    input_file: Path  # the same wafers for people
    training: Path
    preprocessor: Path
    cluster_model: Path
    elbow: Path
    global_models: Path
    clusters: Sequence[Path]  # one trained cluster each


def assembled(parts: Parts, out: Path, *, contract_digest: str = "", out_of_fold: Path | None = None) -> ModelBundle:
    """The bundle of these parts, as `assemble_bundle` writes it."""
    return assemble_bundle(
        preprocessor_dir=parts.preprocessor,
        cluster_model_dir=parts.cluster_model,
        global_dir=parts.global_models,
        cluster_dirs=parts.clusters,
        out=out,
        contract_digest=contract_digest,
        out_of_fold=out_of_fold,
    )


def promote_run(
    parts: Parts,
    *,
    run_id: str,
    contract: str = BUILT_IN,
    store: Store,
    documents: Documents,
    registry: Registry,
    bundle: Path,
    decision: Path,
    report: Path,
    mode: Mode = "auto",
    user: str = "",
    rule: Rule = DEFAULT,
) -> PromotionDecision:
    """Assemble, register, decide, move the alias, publish; what was decided.

    `registry` is of that contract; MLflow names the `user` as who asked for the training.
    """
    manifest = read_manifest(parts.manifest)
    with TemporaryDirectory(prefix="out-of-fold-") as scratch:
        kept = Path(scratch) / OUT_OF_FOLD
        model = assembled(parts, bundle, contract_digest=manifest.contract, out_of_fold=kept)
        rows, quality = load_out_of_fold(kept), model.out_of_fold.quality(model.false_alarm_budget)
        found = ThreeWays.of(model)
        pictures = Pictures.of(model, quality, found, read_elbow(parts.cluster_model))
        files = [kept, *_files(Path(scratch), {BY_FILE_CSV: found.table().encode(), **_of(parts), **pictures.files()})]
        figures = quality.reported().to_json() | found.metrics()
        record = _record(run_id, model, figures, manifest.contract, files)
        wafers = learned_from(manifest, quality, parts.export, store, run_id)
        parent = registry.log_training(replace(record, learned_from=wafers, user=user, started=_started(store, run_id)))
    asked = how_to_ask(model, parts.export, manifest.spellings)
    version = registry.register(bundle, model.digest, parent, run_id, asked)
    challenger = Challenger(run_id, version, model, rows, quality, parts.export, mode, contract, rule)
    decided = settle(challenger, registry, documents, store)
    with TrainingFile(parts.training) as learned:
        card = model_card(model, quality, found, decided, manifest, learned.sample(EXPLAINED))
    title = f"Version {version.version} of {registry.model}"
    registry.describe(version, as_markdown(card, title))
    decision.write_text(decided.to_json(indent=1) + "\n", encoding="utf-8")
    report.write_text(training_report(model, quality, found, decided, manifest, pictures, card), encoding="utf-8")
    cards = {
        layout.MODEL_CARD: as_markdown(card, title).encode(),
        layout.MODEL_CARD_PAGE: report_page(title, as_html(card), f"Bundle {model.digest}").encode(),
    }
    with TemporaryDirectory(prefix="decided-") as scratch:
        told: dict[str, Path | bytes] = {layout.DECISION: decision, layout.REPORT: report, **cards}
        registry.add_files(parent, _files(Path(scratch), told))
    _publish(store, run_id, parts, decision, report, cards)
    return decided


def _of(parts: Parts) -> dict[str, Path]:
    """What the stages before left for people, by names whose endings MLflow knows how to show."""
    return {
        layout.MANIFEST: parts.manifest,
        layout.VALIDATION_REPORT: parts.validation_report,
        ELBOW_PAGE: parts.elbow,
    }


def _files(folder: Path, contents: Mapping[str, Path | bytes]) -> list[Path]:
    for name, content in contents.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            shutil.copyfile(content, folder / name)
    return [folder / name for name in contents]


def _started(store: Store, run_id: str) -> float:
    """When the first task of the run began; 0 where none left a record."""
    return min((task.started for task in task_records(store, run_id)), default=0.0)


def _record(
    run_id: str, model: ModelBundle, figures: dict[str, float], contract: str, files: Sequence[Path]
) -> TrainingRecord:
    return TrainingRecord(
        run_id=run_id,
        tags={"bundle": model.digest, "contract": contract},
        params=model.recipe.to_json(),
        metrics=figures,
        files=files,
        children=list(_children(model)),
    )


def _children(model: ModelBundle) -> Iterator[ChildRun]:
    for summary in model.about.clusters:
        for family, found in summary.quality.items():
            params: dict[str, Parameter] = {
                "family": family,
                "chosen": family == summary.family,
                "share": summary.share,
            }
            yield ChildRun(name=f"cluster-{summary.cluster}-{family}", params=params, metrics=found.to_json())


def _publish(store: Store, run_id: str, parts: Parts, decision: Path, report: Path, card: Mapping[str, bytes]) -> None:
    files: dict[str, Path | bytes] = {
        layout.MANIFEST: parts.manifest,
        layout.VALIDATION_REPORT: parts.validation_report,
        layout.INPUT_FILE: parts.input_file,
        layout.DECISION: decision,
        layout.REPORT: report,
        **card,
    }
    publish(store, layout.published("train", run_id), files, run_id=run_id)
