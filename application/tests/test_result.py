"""How a training is told at the end: in lines, and as the object of `--json`."""

import io
import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from application.cli.result import Result
from application.runs.run import new_run
from application.tests.leavings import decision_about
from wafer.store import layout, open_store


def test_the_reason_of_a_decision_is_told_and_a_majority_of_failures_is_asked_about(tmp_path: Path) -> None:
    run = new_run("train", str(tmp_path), {}, by="me")
    decision = decision_about(2, run.run_id).model_copy(update={"promoted": False, "reason": "It is worse."})
    odd = decision.model_copy(update={"failures": 900})

    lines = io.StringIO()
    Result(replace(run, state="succeeded"), {}, odd).tell(Console(file=lines, width=500))

    assert Result(run, {}, decision).to_json()["reason"] == "It is worse."
    assert "was not promoted. It is worse." in lines.getvalue()
    assert "900 of 1137 wafers failed: are the labels the other way round?" in lines.getvalue()


def test_what_a_prediction_warns_of_is_told(tmp_path: Path) -> None:
    run = replace(new_run("predict", str(tmp_path), {}, by="me"), state="succeeded")
    store = open_store(str(tmp_path / "store"))
    warnings, notes = ["12 of 40 sensors in use have moved."], ["1 sensor left its range [Sensor - 7]."]
    store.put(
        f"{layout.published('predict', run.run_id)}/drift.json",
        json.dumps({"warnings": warnings, "notes": notes}).encode(),
    )
    lines = io.StringIO()

    result = Result.of(store, run)
    result.tell(Console(file=lines, width=500))

    assert result.to_json()["warnings"] == [*warnings, *notes]
    assert all(sentence in lines.getvalue() for sentence in (*warnings, *notes))
