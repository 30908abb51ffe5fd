"""A story: train, predict the next batch, learn days later what its wafers turned out to be, and train on that too."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.line import SCHEMA, SENSORS, write_drop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TO_PREDICT = json.loads(SCHEMA) | {"NumberofColumns": len(SENSORS) + 1}
TO_PREDICT["ColName"] = {name: kind for name, kind in TO_PREDICT["ColName"].items() if name != "Output"}


def wafer(home: Path, *words: str) -> Any:  # noqa: ANN401 - the object of `--json`
    """What a command of `wafer` answers."""
    names = ("WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI", "KFP_ENDPOINT", "WAFER_LEDGER")
    settings = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", "from application.cli.app import main; main()", *words, "--json"],
        env={**settings, "WAFER_HOME": str(home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def counts(run: Any, stage: str) -> dict[str, int]:  # noqa: ANN401 - as above
    found: dict[str, int] = next(each["counts"] for each in run["stages"] if each["name"] == stage)
    return found


def without_last_column(folder: Path, drop: Path) -> Path:
    folder.mkdir()
    for file in drop.iterdir():
        rows = [line.rpartition(",")[0] for line in file.read_text().splitlines()]
        (folder / file.name).write_text("\n".join(rows) + "\n")
    return folder


def test_outcomes_fill_the_scorecard_and_the_next_training(tmp_path: Path) -> None:
    home, schema, predicted = tmp_path / "home", tmp_path / "schema.json", tmp_path / "predicted.json"
    schema.write_text(SCHEMA)
    predicted.write_text(json.dumps(TO_PREDICT))
    known = write_drop(tmp_path / "known", rows=120, noise=0.5)
    later = write_drop(tmp_path / "later", files=1, rows=150, seed=7, noise=0.5)
    first = wafer(home, "train", str(known), f"--schema={schema}")
    assert first["promoted"]
    wafer(home, "predict", str(without_last_column(tmp_path / "next", later)), f"--schema={predicted}")

    sent = wafer(home, "outcomes", str(later), f"--schema={schema}")
    again = wafer(home, "outcomes", str(later), f"--schema={schema}")
    card = wafer(home, "models", "scorecard")
    grown = wafer(home, "train", "--from-outcomes", f"--schema={schema}")
    after = wafer(home, "models", "scorecard", str(grown["model_version"]))

    assert (counts(sent, "match")["matched"], counts(sent, "match")["new"]) == (150, 150)
    assert (counts(again, "match")["matched"], counts(again, "match")["new"]) == (150, 0)
    assert card["total"]["wafers"] == 150
    assert card["total"]["statement"] in {"kept", "broken"}
    assert card["total"]["auc"]["value"] > 0.8
    assert counts(grown, "validate")["rows_good"] == 3 * 120 + 150
    assert after["total"]["wafers"] == 0
