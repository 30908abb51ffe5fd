"""Score the wafers of one prediction run, most suspicious first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pred_pipeline.answers import answers_of, joined_answers, judged_at, ranking
from pred_pipeline.ranked import Ranked
from pred_pipeline.report import prediction_page
from pred_pipeline.rows import write_predictions
from wafer.contract import BUILT_IN
from wafer.errors import ContractMismatch
from wafer.evaluation.drift import Movement
from wafer.evaluation.rule import Rule
from wafer.files import complete_folder
from wafer.model.assembly import load_bundle
from wafer.model.contributions import Reason, top_reasons
from wafer.model.files import write_json
from wafer.model.out_of_fold import Known
from wafer.model.recent import Scored, Thresholds
from wafer.model.scoring import ModelBundle
from wafer.progress import reported_rows
from wafer.settings import EXPLAINED
from wafer.store import layout
from wafer.wafers.arrays import Ints, Wafers
from wafer.wafers.export import ExportFile

# Scores of earlier predictions by the model of a digest, the latest first, beside those of the batch itself.
Before = Callable[[str, Scored], Sequence[Scored]]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What came out, and where it lies."""

    wafers: int
    failing: int
    inspect: int
    passing: int
    thresholds: Thresholds
    false_alarm_budget: float
    digest: str  # of the model
    scored: Scored  # what later predictions may be ranked among
    model_version: str
    parquet: Path
    csv: Path
    report: Path


def predict_wafers(
    export: Path,
    bundle_dir: Path,
    out: Path,
    *,
    model_version: str,
    run_id: str,
    false_alarm_budget: float | None = None,
    expected_digest: str | None = None,
    explained: int = EXPLAINED,
    rule: Rule = "fixed",
    before: Before = lambda *_: (),
    contract: str = BUILT_IN,
) -> Predicted:
    """Judge every wafer of `export` and write the directory `out`, with one row group in memory at a time.

    `false_alarm_budget` overrides the one the model was trained with; with the rule `recent` it is kept by rank among
    recent scores, the own ones and those of `before`, where enough are known. The first `explained` wafers to review
    get their reasons; they are read a second time, when the ranks are known. Raises BundleRejected for a bundle that
    is not the registered one, ContractMismatch for wafers measured by other sensors.
    """
    bundle = load_bundle(bundle_dir, expected_digest)
    budget = bundle.false_alarm_budget if false_alarm_budget is None else false_alarm_budget
    with ExportFile(export) as file:
        check_contract(file.columns.sensors, bundle)
        movement, keys = Movement(bundle), list[Known]()
        parts = reported_rows(file.parts(), file.wafers, "wafers judged")
        answers = joined_answers(_judged(part, bundle, budget, movement, keys) for part in parts)
        scored = _scored(answers, keys)
        fixed = bundle.out_of_fold.threshold(budget)
        thresholds = Thresholds.of(budget, scored, before(bundle.digest, scored), fixed, rule)
        if thresholds.rule == "recent":
            answers = judged_at(answers, thresholds.value)
        ranked = Ranked(answers, ranking(answers), (), thresholds.value, model_version, run_id, contract)
        first = ranked.order[: min(explained, ranked.to_review)]
        ranked = replace(ranked, reasons=_reasons(file, bundle, first))
    drift = movement.drift(ranked.verdicts["inspect"])
    with complete_folder(out) as folder:
        write_json(folder / layout.DRIFT, drift.to_json())
        write_json(folder / layout.THRESHOLD, thresholds.to_json())
        write_predictions(ranked, folder / layout.PREDICTIONS, folder / layout.PREDICTIONS_CSV)
        pq.write_table(ranked.ids(), folder / layout.DOCUMENTS)
        (folder / layout.REPORT).write_text(
            prediction_page(ranked, bundle, budget, drift, thresholds), encoding="utf-8"
        )
    return Predicted(
        wafers=len(ranked),
        failing=ranked.verdicts["fail"],
        inspect=ranked.verdicts["inspect"],
        passing=ranked.verdicts["pass"],
        thresholds=thresholds,
        false_alarm_budget=budget,
        digest=bundle.digest,
        scored=scored,
        model_version=model_version,
        parquet=out / layout.PREDICTIONS,
        csv=out / layout.PREDICTIONS_CSV,
        report=out / layout.REPORT,
    )


def check_contract(sensors: Iterable[str], bundle: ModelBundle) -> None:
    """Refuse wafers whose sensors are not exactly the ones of the training contract; their order does not matter."""
    trained, measured = set(bundle.preprocessor.contract), set(sensors)
    if trained == measured:
        return
    differences = [f"{len(names)} {what} (for example {min(names)!r})" for what, names in _differing(trained, measured)]
    raise ContractMismatch(
        f"The wafers were measured under another contract than the model was trained on: {' and '.join(differences)}. "
        "Predict with the schema the model was trained under, or train a model under this one."
    )


def _differing(trained: set[str], measured: set[str]) -> list[tuple[str, set[str]]]:
    pairs = [("sensor(s) are missing", trained - measured), ("sensor(s) are unknown to the model", measured - trained)]
    return [(what, names) for what, names in pairs if names]


def _judged(wafers: Wafers, bundle: ModelBundle, budget: float, movement: Movement, keys: list[Known]) -> pa.Table:
    movement.count(wafers)
    keys.append(bundle.keys(wafers))
    return answers_of(wafers, bundle.score(wafers, budget), bundle.learned_from(keys[-1]))


def _scored(answers: pa.Table, keys: Sequence[Known]) -> Scored:
    """The scores that say what is usual now: of wafers that the model did not learn from, and can judge."""
    known = answers["in_training"].to_numpy()
    unlike = pc.equal(answers["verdict"].cast(pa.string()), "inspect").to_numpy()
    all_keys = np.concatenate([np.empty(0, np.uint64), *keys])
    return Scored.of(*(column[~known & ~unlike] for column in (all_keys, answers["probability"].to_numpy())))


def _reasons(file: ExportFile, bundle: ModelBundle, asked: Ints) -> list[list[Reason]]:
    """Return the reasons of the wafers at these positions."""
    found: dict[int, list[Reason]] = {}
    start = 0
    for part in file.parts() if len(asked) else ():
        here = np.sort(asked[(asked >= start) & (asked < start + len(part))])
        found |= zip(here.tolist(), top_reasons(bundle, part.rows(here - start)), strict=True)
        start += len(part)
    return [found[position] for position in asked.tolist()]
