"""How a training is told at the end: in lines, and as the object of `--json`."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from application.cli.result import Result
from application.runs.run import new_run
from application.tests.leavings import decision_about


def test_the_reason_of_a_decision_is_told_and_a_majority_of_failures_is_asked_about(tmp_path: Path) -> None:
    run = new_run("train", str(tmp_path), {}, by="me")
    decision = decision_about(2, run.run_id).model_copy(update={"promoted": False, "reason": "It is worse."})
    odd = decision.model_copy(update={"failures": 900})

    lines = io.StringIO()
    Result(replace(run, state="succeeded"), {}, odd).tell(Console(file=lines, width=500))

    assert Result(run, {}, decision).to_json()["reason"] == "It is worse."
    assert "was not promoted. It is worse." in lines.getvalue()
    assert "900 of 1137 wafers failed: are the labels the other way round?" in lines.getvalue()
