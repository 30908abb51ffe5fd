"""Score the wafers of one prediction run, most suspicious first."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pred_pipeline.drift import measure_drift
from pred_pipeline.report import prediction_page
from pred_pipeline.rows import PredictionRow, write_csv, write_parquet
from wafer.errors import ContractMismatch
from wafer.files import complete_folder
from wafer.model.assembly import load_bundle
from wafer.model.contributions import Reason, top_reasons
from wafer.model.files import write_json
from wafer.model.scoring import ModelBundle, Scores
from wafer.store import layout
from wafer.wafers.arrays import Ints, Wafers, read_wafers


@dataclass(frozen=True, slots=True)
class Predicted:
    """What came out, and where it lies."""

    wafers: int
    failing: int
    inspect: int
    passing: int
    threshold: float
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
) -> Predicted:
    """Judge every wafer of `export` and write the directory `out`.

    `false_alarm_budget` overrides the one the model was trained with. Raises BundleRejected for a bundle that is not
    the registered one, ContractMismatch for wafers measured by other sensors.
    """
    bundle = load_bundle(bundle_dir, expected_digest)
    wafers = read_wafers(export)
    check_contract(wafers, bundle)
    budget = bundle.false_alarm_budget if false_alarm_budget is None else false_alarm_budget
    scores = bundle.score(wafers, budget)
    rows = rank(wafers, bundle, scores, model_version, run_id)
    drift = measure_drift(wafers, bundle, sum(row.verdict == "inspect" for row in rows))
    with complete_folder(out) as folder:
        write_json(folder / layout.DRIFT, drift.to_json())
        write_parquet(rows, folder / layout.PREDICTIONS)
        write_csv(rows, folder / layout.PREDICTIONS_CSV)
        (folder / layout.REPORT).write_text(prediction_page(rows, bundle, budget, drift), encoding="utf-8")
    verdicts = [row.verdict for row in rows]
    return Predicted(
        wafers=len(rows),
        failing=verdicts.count("fail"),
        inspect=verdicts.count("inspect"),
        passing=verdicts.count("pass"),
        threshold=scores.threshold,
        model_version=model_version,
        parquet=out / layout.PREDICTIONS,
        csv=out / layout.PREDICTIONS_CSV,
        report=out / layout.REPORT,
    )


def check_contract(wafers: Wafers, bundle: ModelBundle) -> None:
    """Refuse wafers whose sensors are not exactly the ones of the training contract; their order does not matter."""
    trained, measured = set(bundle.preprocessor.contract), set(wafers.sensors)
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


def rank(wafers: Wafers, bundle: ModelBundle, scores: Scores, model_version: str, run_id: str) -> list[PredictionRow]:
    """Return one row a wafer, most suspicious first, with reasons for those to review."""
    verdicts, order, seen = scores.verdicts, scores.order(), bundle.seen(wafers)
    reasons = _reasons(wafers, bundle, np.array([i for i in order if verdicts[i] != "pass"], dtype=np.int64))
    return [
        PredictionRow(
            rank=place,
            wafer=wafers.names[i],
            verdict=verdicts[i],
            probability=float(scores.probability[i]),
            threshold=scores.threshold,
            cluster=int(scores.cluster[i]),
            distance_percentile=round(float(scores.novelty.percentile[i]), 2),
            top_sensors=tuple(reasons.get(int(i), ())),
            note=scores.notes[i],
            in_training=bool(seen[i]),
            file=wafers.files[i],
            model_version=model_version,
            run_id=run_id,
        )
        for place, i in enumerate(order, start=1)
    ]


def _reasons(wafers: Wafers, bundle: ModelBundle, asked: Ints) -> dict[int, list[Reason]]:
    return dict(zip(asked.tolist(), top_reasons(bundle, wafers.rows(asked)), strict=True))
