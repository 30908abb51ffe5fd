"""`--runner containers`: the same DAGs, each stage in its image, over MinIO, the MongoDB wire and an MLflow server."""

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from kfp import local
from kfp.local.status import Status

from application.backends.local.containers import LABEL, containers
from application.backends.local.kfp_patches import CheckedTask
from application.synthetic import write_synthetic
from tests.commands import Ended
from tests.containers.conftest import WAFER, Image, Line, run

pytestmark = pytest.mark.xdist_group("containers")
CIRCUMSTANCES = {"run_id"}


def predictions(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(newline="", encoding="utf-8-sig") as lines:
        return [
            {name: value for name, value in row.items() if name not in CIRCUMSTANCES} for row in csv.DictReader(lines)
        ]


def embedded(home: Path, *words: str) -> Ended:
    ours = {"WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI"}
    environment = {name: value for name, value in os.environ.items() if name not in ours} | {"WAFER_HOME": str(home)}
    return run([*WAFER, *words], environment, seconds=400)


def left_over(run_id: str) -> list[str]:
    return run(["podman", "ps", "--all", "--quiet", f"--filter=label={LABEL}={run_id}"]).out.split()


@pytest.fixture(scope="module")
def trained(line: Line) -> dict[str, Any]:
    ended = line.wafer("train", f"{line.source}/training", "--runner", "containers", "--json")
    assert ended.code == 0, ended.err
    return ended.json


def test_a_training_in_containers_publishes_and_promotes_over_real_servers(trained: dict[str, Any], line: Line) -> None:
    assert trained["state"] == "succeeded"
    assert trained["promoted"]
    assert [stage["name"] for stage in trained["stages"]][-1] == "promote"
    assert all(uri.startswith(f"{line.environment['WAFER_STORE']}/training/") for uri in trained["outputs"].values())
    assert left_over(trained["run_id"]) == []


def test_predictions_of_containers_equal_those_of_an_embedded_run(
    trained: dict[str, Any], line: Line, batches: Path, tmp_path: Path
) -> None:
    home = tmp_path / "embedded"
    assert embedded(home, "train", str(batches / "training")).code == 0
    assert embedded(home, "predict", str(batches / "prediction"), "--output", str(tmp_path / "here")).code == 0

    ended = line.wafer(
        *("predict", f"{line.source}/prediction", "--output", str(tmp_path / "there")),
        "--runner",
        "containers",
        "--json",
    )

    assert ended.code == 0, ended.err
    counted = {stage["name"]: stage["counts"] for stage in ended.json["stages"]}
    assert len(predictions(tmp_path / "there")) == counted["validate"]["rows_good"] > 100
    assert predictions(tmp_path / "there") == predictions(tmp_path / "here")
    digest_there, digest_here = (
        json.loads(each.out)["models"][0]["digest"]
        for each in (line.wafer("models", "--json"), embedded(home, "models", "--json"))
    )
    assert digest_there == digest_here


def test_a_stage_that_fails_in_its_container_fails_the_run_there(line: Line, tmp_path: Path) -> None:
    write_synthetic(tmp_path / "batches", training_files=1, prediction_files=1)
    only_good = tmp_path / "only_good"
    only_good.mkdir()
    for path in (tmp_path / "batches" / "training").iterdir():
        (only_good / path.name).write_text(path.read_text(encoding="utf-8", errors="replace").replace(",1\n", ",-1\n"))
    source = line.upload(only_good, "only-good")

    ended = line.wafer("train", source, "--runner", "containers", "--json")

    assert ended.code == 1
    found = ended.json
    assert found["state"] == "failed"
    assert found["error"]["code"] == "DATA_UNLEARNABLE"
    failed = found["stages"][-1]
    assert (failed["name"], failed["state"]) == (found["error"]["stage"], "failed")  # nothing ran after it
    assert len(found["stages"]) > 1
    assert left_over(found["run_id"]) == []


def test_what_ends_the_worker_ends_its_containers(line: Line) -> None:
    command = [*WAFER, "train", f"{line.source}/training", "--runner", "containers"]
    process = subprocess.Popen(
        command,
        env=line.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    run_id = process.stdout.readline().split()[1]
    deadline = time.monotonic() + 60
    while not left_over(run_id):
        assert time.monotonic() < deadline

    os.kill(process.pid, signal.SIGINT)  # Ctrl-C
    process.communicate(timeout=30)

    deadline = time.monotonic() + 20
    while left_over(run_id):
        assert time.monotonic() < deadline


def test_a_source_in_a_folder_is_refused_before_anything_starts(tmp_path: Path) -> None:
    ended = embedded(tmp_path, "train", str(tmp_path), "--runner", "containers")

    words = " ".join(ended.err.replace("│", " ").split())
    assert ended.code == 2
    assert "A container cannot reach the source" in words
    assert "MONGODB_URI" in words
    assert "MLFLOW_TRACKING_URI" in words


@pytest.mark.parametrize(
    ("does", "ends"),
    [
        ("exit 3", Status.FAILURE),
        ("kill -9 $$", Status.FAILURE),
        ("exit 0", Status.FAILURE),  # without the output that the executor writes last
        ('mkdir -p "$1" && echo {} > "$1/executor_output.json"', Status.SUCCESS),
        ('touch /app/x && mkdir -p "$1" && echo {} > "$1/executor_output.json"', Status.FAILURE),
    ],
)
def test_a_task_succeeds_exactly_when_its_executor_finished(
    images: dict[str, Image], tmp_path: Path, does: str, ends: Status
) -> None:
    folder = tmp_path / "artifacts"
    output = json.dumps({"outputs": {"outputFile": str(folder / "task" / "executor_output.json")}})
    command = ["sh", "-c", does, "sh", str(folder / "task"), "--executor_input", output]

    with containers("run", folder, package(images)) as (runner, _):
        local.init(runner=runner, pipeline_root=str(folder), workspace_root=str(tmp_path / "workspace"))
        arguments = dict(runner.container_run_args)
        environment = arguments.pop("environment")
        runner.container_run_args = arguments
        task = CheckedTask(images["preprocessing_train"].reference, command, str(folder), runner, environment)

        assert task.run() == ends


def package(images: dict[str, Image]) -> str:
    executor = {"container": {"image": images["preprocessing_train"].reference}}
    return json.dumps({"deploymentSpec": {"executors": {"one": executor}}})


def test_every_image_is_named_by_the_digest_that_this_machine_holds(images: dict[str, Image], tmp_path: Path) -> None:
    with containers("run", tmp_path / "artifacts", package(images)) as (_, held):
        assert f"preprocessing_train@{images['preprocessing_train'].facts['Digest']}" in held


def test_a_container_gets_the_settings_and_nothing_else_of_this_machine(
    images: dict[str, Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "for the store")
    monkeypatch.setenv("OF_THIS_MACHINE", "and nobody else's business")

    with containers("run", tmp_path / "artifacts", package(images)) as (runner, _):
        given = runner.container_run_args

    assert given["environment"]["AWS_SECRET_ACCESS_KEY"] == "for the store"
    assert "OF_THIS_MACHINE" not in given["environment"]
    assert "HOME" not in given["environment"]
    assert given["read_only"]
    assert given["cap_drop"] == ["ALL"]
    assert not given["user"].startswith("0")
