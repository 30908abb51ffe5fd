"""Score the wafers of one prediction run, most suspicious first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pred_pipeline.answered import Before, answered
from pred_pipeline.answers import ranking
from pred_pipeline.buckets import AT_ONCE, BUCKET_WAFERS, judged, served
from pred_pipeline.ranked import Ranked
from pred_pipeline.report import prediction_page
from pred_pipeline.rows import write_predictions
from wafer.built_in import BUILT_IN
from wafer.engine import Engine, Inline
from wafer.errors import ContractMismatch
from wafer.evaluation.drift import Movement
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.files import complete_folder, scratch_near
from wafer.model.contributions import Reason, top_reasons
from wafer.model.files import write_json
from wafer.model.recent import Scored, Thresholds
from wafer.model.scoring import ModelBundle
from wafer.progress import report
from wafer.settings import EXPLAINED
from wafer.store import layout
from wafer.wafers.arrays import Ints
from wafer.wafers.export import ExportFile


@dataclass(frozen=True, slots=True)
class Predicted:
    """What came out, and where it lies."""

    wafers: int
    failing: int  # as the other two, of those that the model did not learn from
    inspect: int
    passing: int
    learned: int
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
    rule: Rule = DEFAULT,
    before: Before = lambda *_: (),
    contract: str = BUILT_IN,
    engine: Engine | None = None,
    bucket_wafers: int = BUCKET_WAFERS,
) -> Predicted:
    """Judge every wafer of `export` and write the directory `out`, with one row group in memory at a time.

    The engine judges buckets of at least `bucket_wafers`, by default one after the other; no byte depends on that.

    `false_alarm_budget` overrides the one the model was trained with; with the rule `recent` it is kept by rank among
    recent scores, the own ones and those of `before`, where enough are known. The first `explained` wafers to review
    get their reasons; they are read a second time, when the ranks are known. Raises BundleRejected for a bundle that
    is not the registered one, ContractMismatch for wafers measured by other sensors.
    """
    engine = engine or Inline(AT_ONCE)
    model = served(bundle_dir, engine, expected_digest)
    bundle, movement = model.bundle, Movement(model.bundle)
    budget = bundle.false_alarm_budget if false_alarm_budget is None else false_alarm_budget
    with ExportFile(export) as file, scratch_near(out, "buckets") as scratch:
        check_contract(file.columns.sensors, bundle)
        parts = judged(file, model, budget, engine, scratch, bucket_wafers, moves=True)
        found = answered(parts, bundle, budget, rule, before, movement)
        answers, thresholds = found.answers, found.thresholds
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
        failing=ranked.forecasts["fail"],
        inspect=ranked.forecasts["inspect"],
        passing=ranked.forecasts["pass"],
        learned=ranked.in_training,
        thresholds=thresholds,
        false_alarm_budget=budget,
        digest=bundle.digest,
        scored=found.scored,
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


def _reasons(file: ExportFile, bundle: ModelBundle, asked: Ints) -> list[list[Reason]]:
    """Return the reasons of the wafers at these positions."""
    found: dict[int, list[Reason]] = {}
    for positions, wafers in file.at(np.sort(asked)):
        found |= zip(positions.tolist(), top_reasons(bundle, wafers), strict=True)
        report(len(found), len(asked), "wafers explained")
    return [found[position] for position in asked.tolist()]
