"""What runs leave in the store, as the stages would have left it."""

import io
import json
from pathlib import Path
from typing import Any

from wafer.evaluation.decision import Floor, PromotionDecision
from wafer.evaluation.quality import Figures
from wafer.runs import Pipeline
from wafer.store import Store, publish

SENSORS = ("Sensor - 1", "Sensor - 2")
DRIFT = {"wafers": 4, "unlike": 0.25, "newly_silent": [], "moved": [], "left_range": [], "warnings": [], "sensors": {}}
REPORT = b"<!doctype html><title>report</title><script>alert(1)</script>"


def decision_about(version: int, run_id: str, digest: str = "") -> PromotionDecision:
    """A promotion that is above its floor."""
    return PromotionDecision(
        run_id=run_id,
        model_version=version,
        digest=digest,
        promoted=True,
        reason="It is better.",
        floors=(Floor(name="AUC", value=0.75, limit=0.6, meaning="chance is 0.5"),),
        comparison=None,
        metrics=Figures(0.75, 0.2, 0.35, 0.3, 0.1, 0.3, 0.05),
        wafers=1137,
        failures=67,
        near_copies=12,
        forward_auc=0.64,
    )


def write_record(store: Store, run_id: str, stage: str, state: str = "succeeded", **more: object) -> None:
    """A stage's record as `wafer.runs.run_stage` leaves it."""
    record = {"stage": stage, "state": state, "started": 1000.0, "seconds": 2.5, "counts": {}, "error": None, **more}
    store.put(f"kfp/{run_id}/stages/{stage}.json", json.dumps(record).encode())


def leave_results(store: Store, run_id: str, pipeline: Pipeline) -> None:
    """What a run that succeeded leaves in the store, with one file refused."""
    counts = {"files": 2, "files_good": 1, "files_bad": 1, "rows_in": 5, "rows_good": 3, "rows_quarantined": 2}
    write_record(store, run_id, "validate", counts=counts)
    manifest = json.dumps({"files": [{"name": "bad.csv", "verdict": "bad", "codes": ["HEADER"]}], "rows": []}).encode()
    refused = {"_manifest.json": manifest, "_report.html": REPORT, "bad.csv": b"a,b\n"}
    publish(store, f"quarantine/{run_id}", refused, run_id=run_id)
    common: dict[str, bytes | Path] = {"manifest.json": manifest, "report.html": REPORT}
    if pipeline == "train":
        decision = decision_about(2, run_id).to_json().encode()
        publish(store, f"training/{run_id}", {**common, "decision.json": decision}, run_id=run_id)
        write_record(store, run_id, "promote", started=1010.0)
    else:
        files = {**common, "predictions.parquet": _predictions(run_id)}
        files["predictions.csv"] = b"rank,wafer,file\n1,W-1,good.csv\n"
        files["drift.json"] = json.dumps(DRIFT).encode()
        files["documents.parquet"] = _parquet([{"_id": f"{run_id}-{rank}"} for rank in range(1, 5)])
        publish(store, f"predictions/{run_id}", files, run_id=run_id)
        write_record(store, run_id, "predict", started=1010.0)


def _predictions(run_id: str) -> bytes:
    reason = {"sensor": SENSORS[0], "value": 1.0, "usual_low": float("nan"), "usual_high": 2.0, "contribution": 0.5}
    rows = [
        {
            "rank": rank,
            "wafer": f"W-{rank}",
            "verdict": verdict,
            "probability": probability,
            "threshold": 0.3,
            "cluster": 0,
            "distance_percentile": 12.5,
            "top_sensors": [reason] if verdict == "fail" else [],
            "note": "",
            "in_training": False,
            "file": "good.csv",
            "model_version": "2",
            "run_id": run_id,
        }
        for rank, (verdict, probability) in enumerate(
            [("fail", 0.9), ("inspect", float("nan")), ("pass", 0.2), ("pass", 0.1)], start=1
        )
    ]
    return _parquet(rows)


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()
