"""A version answers by MLflow's own means in an environment that has its requirements and nothing of ours."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest
from mlflow.models import Model

from conftest import skip_or_fail
from pred_pipeline.stage import predict_wafers
from tests.faults.line import SCHEMA, make_line, write_drop
from tests.promoted import promote
from tests.servers.server import Server, start_on_free_port
from wafer.contract import load_contract

pytestmark = pytest.mark.slow  # a model is trained, and an environment made
POLICY = "columns: {aliases: {Sensor - 2: [Chamber pressure]}}"
ANSWER = ["wafer", "verdict", "probability", "threshold"]
PROGRAM = dedent(
    """
    import importlib.util, sys
    import mlflow, pandas

    model, batch, answer = sys.argv[1:]
    assert importlib.util.find_spec("wafer") is None
    mlflow.pyfunc.load_model(model).predict(pandas.read_csv(batch)).to_json(answer, orient="records")
    """
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A version as it lies in the registry's artifacts, a batch as it came, and the batch run's answers for it."""

    model: Path
    batch: Path
    expected: pd.DataFrame


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Registered:
    folder = tmp_path_factory.mktemp("outside")
    policy = folder / "contract.yaml"
    policy.write_text(POLICY)
    drop = write_drop(folder / "drop")
    line = make_line(folder / "line", drop, contract=load_contract("training", SCHEMA, policy))
    bundle = promote(folder, line, empty_registry)
    done = predict_wafers(line.parts.export, bundle, folder / "predictions", model_version="1", run_id="predict")
    (described,) = (folder / "artifacts").rglob("MLmodel")
    return Registered(described.parent, drop / "wafer_02012021_120000.csv", pd.read_parquet(done.parquet))


@pytest.fixture(scope="module")
def elsewhere(registered: Registered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that holds the version's requirements alone."""
    made = tmp_path_factory.mktemp("elsewhere") / "environment"
    uv = [str(Path(sys.executable).with_name("uv"))]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, made], check=True)
    wanted = ["-r", str(registered.model / "requirements.txt")]
    done = subprocess.run([*uv, "pip", "install", "-q", "--python", made, *wanted], capture_output=True, text=True)
    if done.returncode:
        skip_or_fail(f"no package index answers: {done.stderr[-500:]}")
    return made / "bin"


def answers(registered: Registered, found: list[dict[str, object]]) -> None:
    """Assert that every wafer of the batch got the answer of the batch run, to the last bit."""
    batch = pd.read_csv(registered.batch)
    expected = registered.expected.set_index("wafer").loc[batch["Unnamed: 0"]].reset_index()
    assert len(found) == len(batch)
    pd.testing.assert_frame_equal(pd.DataFrame(found)[ANSWER], expected[ANSWER], check_dtype=False, check_exact=True)


def test_it_says_how_it_is_asked_and_asks_for_published_packages(registered: Registered) -> None:
    model = Model.load(registered.model)
    example = model.load_input_example(str(registered.model))

    assert {"Wafer", "Sensor - 1", "Sensor-1", "Chamber pressure"} <= set(model.signature.inputs.input_names())
    assert model.signature.outputs.input_names()[:3] == ["wafer", "verdict", "probability"]
    assert example is not None
    assert list(example)[:2] == ["Wafer", "Sensor - 1"]
    wanted = (registered.model / "requirements.txt").read_text()
    assert not any(name in wanted for name in ("wafer", "xgboost", "scikit-learn", "://"))


def test_the_training_keeps_what_mlflow_shows_under_names_that_it_knows(registered: Registered) -> None:
    kept = {path.name for path in registered.model.parents[2].glob("*/artifacts/*")}

    pictures = {"roc.svg", "precision_recall.svg", "calibration.svg", "elbow.svg"}
    assert {*pictures, "elbow.html", "report.html", "model_card.md", "manifest.json", "validation.html"} <= kept
    assert all("." in name for name in kept)


def test_it_answers_elsewhere_what_the_batch_run_answered(
    registered: Registered, elsewhere: Path, tmp_path: Path
) -> None:
    command = [elsewhere / "python", "-I", "-c", PROGRAM, registered.model, registered.batch, tmp_path / "answer.json"]
    subprocess.run(list(map(str, command)), cwd=tmp_path, check=True, env=_nothing_of_ours())

    answers(registered, json.loads((tmp_path / "answer.json").read_text()))


@pytest.mark.server
def test_mlflow_serves_it_under_every_name_that_the_contract_accepts(
    registered: Registered, elsewhere: Path, tmp_path: Path
) -> None:
    batch = pd.read_csv(registered.batch)
    spelled = batch.rename(columns={"Sensor-1": "Sensor - 1", "Sensor-2": "Chamber pressure"})

    with _served(registered.model, elsewhere, tmp_path) as server:
        for wafers in (batch, spelled):
            answers(registered, _invoke(server.url, wafers))
        with pytest.raises(urllib.error.HTTPError) as refused:
            _invoke(server.url, batch.drop(columns="Sensor-3"))

    assert "Sensor - 3" in refused.value.read().decode()


def _served(model: Path, elsewhere: Path, folder: Path) -> Server:
    def describe(port: int) -> Server:
        words = ["models", "serve", "-m", str(model), "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)]
        return Server(
            [str(elsewhere / "mlflow"), *words],
            f"http://127.0.0.1:{port}",
            port,
            folder / "serve.log",
            _is_ready,
            {"PYTHONPATH": "", "PATH": f"{elsewhere}:{os.environ['PATH']}"},
        )

    return start_on_free_port(describe)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ping", timeout=5):
            return True
    except OSError:
        return False


def _invoke(url: str, wafers: pd.DataFrame) -> list[dict[str, object]]:
    body = f'{{"dataframe_split": {wafers.to_json(orient="split", index=False, double_precision=15)}}}'.encode()
    request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return list(json.load(answer)["predictions"])


def _nothing_of_ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
