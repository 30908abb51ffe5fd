"""The `wafer` command as a user runs it: whole DAGs on synthetic batches, in a process of its own."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pyarrow.parquet as pq
import pytest

from application.api.parts import open_parts
from application.api.where import keys_of
from application.cli.app import main
from application.settings import ServiceSettings
from application.synthetic import write_synthetic
from application.tests.serving import served
from pipelines.table import base_name, planned, task_of
from tests.commands import Ended, end_of
from wafer.settings import Settings

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.slow]
COMMAND = [sys.executable, "-c", "from application.cli.app import main; main()"]
CIRCUMSTANCES = {"run_id"}


@dataclass(frozen=True, slots=True)
class Home:
    """A `WAFER_HOME`, and the command in it."""

    path: Path

    def environment(self) -> dict[str, str]:
        ours = {"WAFER_STORE", "WAFER_LEDGER", "MONGODB_URI", "MLFLOW_TRACKING_URI", "KFP_ENDPOINT"}
        return {name: value for name, value in os.environ.items() if name not in ours} | {"WAFER_HOME": str(self.path)}

    def wafer(self, *words: str | Path) -> Ended:
        """The command in this process, which saves its imports; runs are processes of their own all the same."""
        with patch.dict(os.environ, self.environment(), clear=True), chdir(self.path.parent):
            return end_of(main, "wafer", *words)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """The command as a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *map(str, words)],
            env=self.environment(),
            cwd=self.path.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def log_of(self, run_id: str) -> str:
        return (self.path / "runs" / run_id / "log.txt").read_text()


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = write_synthetic(tmp_path_factory.mktemp("batches"), training_files=5, prediction_files=2)
    return written.training.parent


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, batches: Path) -> tuple[Home, dict[str, Any]]:
    home = Home(tmp_path_factory.mktemp("trained") / "home")
    process = home.start("train", batches / "training", "--json")
    out, err = process.communicate(timeout=400)
    ended = Ended(process.returncode, out, err)
    assert ended.code == 0, ended.err
    return home, ended.json


@pytest.fixture(scope="module")
def predicted(
    trained: tuple[Home, dict[str, Any]], batches: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Ended]:
    """The folder of a prediction of all batches, and what its command printed."""
    out = tmp_path_factory.mktemp("predicted") / "out"
    return out, trained[0].wafer("predict", batches / "prediction", "--output", out, "--json")


@pytest.fixture
def fresh(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def predictions(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if name not in CIRCUMSTANCES} for row in rows]


def counts_declared(record: str) -> set[str]:
    task = task_of(record)
    assert task
    return set(task.counts)


def test_a_training_prints_its_stages_outputs_version_and_figures(trained: tuple[Home, dict[str, Any]]) -> None:
    _, found = trained

    assert found["state"] == "succeeded"
    names = [stage["name"] for stage in found["stages"]]
    assert all(stage["state"] == "succeeded" and stage["seconds"] > 0 for stage in found["stages"])
    assert tuple(dict.fromkeys(map(base_name, names))) == planned("train")
    for stage in found["stages"]:
        assert counts_declared(stage["name"]) <= stage["counts"].keys()
    assert set(found["outputs"]) == {"manifest", "report", "decision"}
    assert all(Path(path).is_file() for path in found["outputs"].values())
    assert found["model_version"] == 1
    assert 0.5 < found["metrics"]["auc"] <= 1
    quarantined = found["stages"][0]["counts"]["rows_quarantined"]
    assert f"<p>{quarantined:,} rows are in quarantine, " in Path(found["outputs"]["report"]).read_text()


def test_predictions_come_ranked_with_reasons_and_a_marker(predicted: tuple[Path, Ended]) -> None:
    out, ended = predicted

    rows = predictions(out)
    assert ended.code == 0, ended.err
    assert tuple(stage["name"] for stage in ended.json["stages"]) == planned("predict")
    assert all(
        counts_declared(stage["name"]) - {"failures"} <= stage["counts"].keys() for stage in ended.json["stages"]
    )
    assert set(ended.json["outputs"]) == {"manifest", "predictions", "report"}
    assert len(rows) == ended.json["stages"][-1]["counts"]["wafers"] >= 190
    assert {"wafer", "verdict", "probability", "threshold", "cluster", "model_version"} <= set(rows[0])
    assert all(row["top_sensors"] for row in rows if row["verdict"] == "fail")
    assert len((out / "InputFile.csv").read_text().splitlines()) == len(rows) + 1
    marker = json.loads((out / "_SUCCESS.json").read_text())
    assert set(marker["files"]) == {path.name for path in out.iterdir()} - {"_SUCCESS.json"}


def test_the_log_of_a_run_is_what_its_tasks_wrote(trained: tuple[Home, dict[str, Any]]) -> None:
    home, run = trained

    everything = home.wafer("logs", run["run_id"])
    one = home.wafer("logs", run["run_id"], "cluster", "--json")
    unknown = home.wafer("logs", run["run_id"], "no-task")

    assert "validate stage.finished" in everything.out
    assert "KFP" not in everything.out
    assert {line["task"] for line in one.json["lines"]} == {"cluster"}
    assert (unknown.code, "validate" in unknown.err) == (1, True)


def test_the_wafers_of_a_file_are_judged_at_once_as_in_a_run(
    trained: tuple[Home, dict[str, Any]], batches: Path, tmp_path: Path
) -> None:
    home, file = trained[0], min((batches / "prediction").glob("wafer_*.csv"))
    fixed = ("--threshold", "fixed", "--json")  # of another choice of wafers: their ranks are others
    home.wafer("predict", batches / "prediction", "--output", tmp_path / "out", *fixed)
    expected = {row["wafer"]: row for row in predictions(tmp_path / "out") if row["file"] == file.name}

    ended = home.wafer("score", file, *fixed)

    assert ended.code == 0, ended.err
    answers = {each["wafer"]: each for each in ended.json["wafers"]}
    assert len(expected) > 50
    for name, row in expected.items():
        assert (answers[name]["verdict"], answers[name]["probability"]) == (row["verdict"], float(row["probability"]))


def test_any_wafer_is_explained_afterwards_as_it_would_have_been_at_once(
    trained: tuple[Home, dict[str, Any]],
    predicted: tuple[Path, Ended],
    batches: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, _ = trained
    monkeypatch.setenv("WAFER_EXPLAINED", "0")
    run_id = home.wafer("predict", batches / "prediction", "--output", tmp_path / "none", "--json").json["run_id"]
    published = pq.read_table(predicted[0] / "predictions.parquet").to_pylist()
    first, last = published[0], published[-1]

    explained = home.wafer("explain", run_id, first["wafer"], "--json")
    told = home.wafer("explain", run_id, last["wafer"])
    with api_of(home) as client:
        answer = client.get(f"/runs/{run_id}/wafers/{last['wafer']}/explanation")
    unknown = home.wafer("explain", run_id, f"{first['wafer']}0")

    assert not any(row["top_sensors"] for row in predictions(tmp_path / "none"))
    assert explained.json["prediction"]["top_sensors"] == first["top_sensors"] != []
    assert (told.code, answer.status_code) == (0, 200)
    assert all(each["sensor"] in told.out for each in answer.json()["prediction"]["top_sensors"])
    assert (answer.json()["prediction"]["verdict"], answer.json()["model_version"]) == ("pass", 1)
    assert (unknown.code, first["wafer"] in unknown.err) == (1, True)


@contextmanager
def api_of(home: Home) -> Iterator[httpx.Client]:
    """A viewer of the service over a home."""
    common = Settings.model_validate({"WAFER_HOME": home.path})
    headers = {"Authorization": f"Bearer {keys_of(common, ServiceSettings()).add('viewer', 'viewer')}"}
    with (
        open_parts(common, ServiceSettings()) as parts,
        served(parts) as url,
        httpx.Client(base_url=url, headers=headers, timeout=60) as client,
    ):
        yield client


def test_the_same_training_again_by_two_processes_is_the_same_version_and_the_same_predictions(
    trained: tuple[Home, dict[str, Any]], predicted: tuple[Path, Ended], batches: Path, tmp_path: Path
) -> None:
    home, first = trained

    again = home.wafer("train", batches / "training", "--workers", "2", "--json").json
    home.wafer("predict", batches / "prediction", "--workers", "2", "--output", tmp_path / "after")

    assert (again["model_version"], again["metrics"]) == (first["model_version"], first["metrics"])
    assert predictions(predicted[0]) == predictions(tmp_path / "after")
    assert [each["version"] for each in home.wafer("models", "--json").json["models"]] == [1]


def test_one_wafer_is_predicted_as_it_is_among_many(
    trained: tuple[Home, dict[str, Any]], predicted: tuple[Path, Ended], batches: Path, tmp_path: Path
) -> None:
    home, _ = trained
    file = next(
        path for path in sorted((batches / "prediction").iterdir()) if re.match(r"wafer_\d{8}_\d{6}", path.name)
    )
    one = tmp_path / "one"
    one.mkdir()
    lines = file.read_bytes().splitlines(keepends=True)
    (one / file.name).write_bytes(lines[0] + lines[-1])

    home.wafer("predict", one, "--output", tmp_path / "alone")

    (alone,) = predictions(tmp_path / "alone")
    (among,) = [row for row in predictions(predicted[0]) if row["wafer"] == alone["wafer"]]
    assert alone | {"rank": ""} == among | {"rank": ""}


def test_without_a_model_nothing_is_predicted_and_the_error_says_what_to_do(fresh: Home, batches: Path) -> None:
    ended = fresh.wafer("predict", batches / "prediction", "--json")

    assert ended.code == 1
    assert ended.json["error"]["code"] == "NO_PRODUCTION_MODEL"
    assert "wafer train" in ended.json["error"]["message"]
    assert [stage["name"] for stage in ended.json["stages"] if stage["state"] != "succeeded"] == ["select-model"]
    assert "predict" not in {stage["name"] for stage in ended.json["stages"]}


def one_class(folder: Path, batches: Path) -> None:
    for file in good_files(batches):
        lines = file.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines[1:] if line.rstrip().endswith(b",-1")]
        (folder / file.name).write_bytes(lines[0] + b"".join(kept))


def thirty_wafers(folder: Path, batches: Path) -> None:
    file = good_files(batches)[0]
    (folder / file.name).write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:31]))


def only_bad(folder: Path, batches: Path) -> None:
    for file in good_files(batches):
        shutil.copy(file, folder / f"renamed-{file.name}")


def good_files(batches: Path) -> list[Path]:
    named = [path for path in (batches / "training").iterdir() if re.match(r"wafer_\d{8}_\d{6}\.csv", path.name)]
    return sorted(named)[:5]


@pytest.mark.parametrize(
    ("make", "code", "stage"),
    [
        (lambda folder, _: folder.rmdir(), "SOURCE_NOT_FOUND", "validate"),
        (lambda folder, _: None, "SOURCE_EMPTY", "validate"),
        (only_bad, "NO_GOOD_FILES", "validate"),
        (one_class, "DATA_UNLEARNABLE", "preprocess"),
        (thirty_wafers, "DATA_UNLEARNABLE", "preprocess"),
    ],
    ids=["missing", "empty", "only-bad", "one-class", "thirty-wafers"],
)
def test_what_cannot_train_ends_in_one_readable_block(
    fresh: Home, batches: Path, tmp_path: Path, make: Callable[[Path, Path], object], code: str, stage: str
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    make(folder, batches)

    ended = fresh.wafer("train", folder, "--json")

    error = ended.json["error"]
    assert (ended.code, error["code"], error["stage"]) == (1, code, stage)
    assert error["message"].endswith(".")
    assert "Traceback" not in ended.out + ended.err + fresh.log_of(ended.json["run_id"])
    if code == "NO_GOOD_FILES":
        assert Path(ended.json["outputs"]["manifest"]).is_file()


def test_a_killed_run_continues_after_its_finished_stages_to_the_same_model(
    fresh: Home, trained: tuple[Home, dict[str, Any]], batches: Path
) -> None:
    _, whole = trained
    call = fresh.start("train", batches / "training", "--json")
    run_id = killed_in("cluster", fresh)
    out, _ = call.communicate(timeout=60)
    cut = json.loads(out.splitlines()[-1])

    retried = fresh.wafer("runs", "retry", run_id, "--json").json

    assert (cut["state"], cut["error"]["code"], cut["error"]["stage"]) == ("failed", "STAGE_FAILED", "cluster")
    assert retried["state"] == "succeeded"
    assert retried["run_id"] == run_id
    assert retried["metrics"] == whole["metrics"]
    assert fresh.log_of(run_id).count('"stage": "load", "run_id"') == 2  # started and finished, once each
    assert fresh.wafer("runs", "retry", run_id).code == 1


def killed_in(stage: str, home: Home) -> str:
    """Kill the run's worker and its stages as soon as a stage has begun; the run's id."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for record in home.path.glob(f"store/kfp/*/stages/{stage}.json"):
            run_id = record.parts[-3]
            os.killpg(int((home.path / "runs" / run_id / "pid").read_text()), signal.SIGKILL)
            return run_id
        time.sleep(0.02)
    raise AssertionError(f"the run never came to {stage}")


def test_runs_and_models_can_be_listed_shown_promoted_and_rolled_back(trained: tuple[Home, dict[str, Any]]) -> None:
    home, found = trained

    listed = home.wafer("runs", "--json").json["runs"]
    shown = home.wafer("runs", found["run_id"], "--json").json
    refused = home.wafer("models", "promote", "1", "--expected", "7")
    promoted = home.wafer("models", "promote", "1")
    unknown = home.wafer("models", "promote", "7")
    rolled_back = home.wafer("models", "rollback")
    changes = home.wafer("models", "history", "--json").json["changes"]

    assert found["run_id"] in {run["run_id"] for run in listed}
    assert shown["model_version"] == 1
    assert promoted.code == 0
    assert (unknown.code, rolled_back.code) == (1, 1)
    assert "MODEL_NOT_FOUND" in unknown.err
    assert (refused.code, "PRODUCTION_CHANGED" in refused.err) == (1, True)
    assert changes[-1]["version"] == 1
    assert "Traceback" not in unknown.err + rolled_back.err


@pytest.mark.parametrize(
    "words", [["train"], ["train", "x", "--false-alarm-budget", "2"], ["frobnicate"], ["runs", "a", "b", "c"]]
)
def test_wrong_usage_exits_with_two(fresh: Home, words: list[str]) -> None:
    assert fresh.wafer(*words).code == 2


def test_an_unknown_run_is_named_with_what_to_do(fresh: Home) -> None:
    ended = fresh.wafer("runs", "train-20200101T000000-000000")

    assert ended.code == 1
    assert "`wafer runs`" in " ".join(ended.err.split())


def test_the_home_is_the_only_state(trained: tuple[Home, dict[str, Any]]) -> None:
    home, _ = trained

    assert {path.name for path in home.path.parent.iterdir()} == {"home"}
