"""KServe's predictor: the process that gitops/components/kserve starts answers the open inference protocol."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.faults.line import SCHEMA, make_line, write_drop
from tests.promoted import promote
from tests.servers.server import Server, start_on_free_port
from wafer.contract import load_contract
from wafer.model import load_bundle

pytestmark = [pytest.mark.slow, pytest.mark.server]
MANIFEST = Path(__file__).parents[1] / "gitops" / "components" / "kserve" / "inference-service.yaml"
INFER = "/v2/models/wafer-fault/infer"


def predictor() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())["spec"]["predictor"]["containers"][0]
    return found


def start(folder: Path, ready: str) -> Server:
    """The container's own command, on an address of this machine."""

    def describe(port: int) -> Server:
        here = {"0.0.0.0": "127.0.0.1", "8080": str(port)}
        command = [
            str(Path(sys.executable).with_name("wafer")),
            *(here.get(each, each) for each in predictor()["args"]),
        ]
        environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}", "WAFER_HOME": str(folder / "home")}
        url = f"http://127.0.0.1:{port}"
        return Server(command, url, port, folder / "predictor.log", lambda url: call(url, ready)[0] == 200, environment)

    return start_on_free_port(describe)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Path:
    made = tmp_path_factory.mktemp("inference")
    line = make_line(made / "line", write_drop(made / "drop"), contract=load_contract("training", SCHEMA))
    promote(made, line, empty_registry)
    return made


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with start(folder, predictor()["readinessProbe"]["httpGet"]["path"]) as server:
        yield server.url


def call(url: str, path: str, body: object = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
    except OSError:
        return 0, None


def columns(wafers: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as the protocol's tensors."""
    kinds = {name: "BYTES" if name == "Wafer" else "FP64" for name in wafers}
    return [
        {"name": name, "shape": [len(wafers)], "datatype": kind, "data": wafers[name].tolist()}
        for name, kind in kinds.items()
    ]


def batch(folder: Path) -> pd.DataFrame:
    read = pd.read_csv(folder / "drop" / "wafer_02012021_120000.csv").head(20)
    return read.drop(columns="Good/Bad").rename(columns={"Unnamed: 0": "Wafer"})


def test_it_answers_what_the_model_in_production_answers(folder: Path, url: str) -> None:
    wafers = batch(folder)
    asked = wafers.rename(columns=lambda name: name.replace("-", " - "))
    expected = load_bundle(folder / "bundle").score(asked)

    status, answer = call(url, INFER, {"id": "7", "inputs": columns(wafers)})

    found = {each["name"]: each["data"] for each in answer["outputs"]}
    assert (status, answer["id"], answer["model_version"]) == (200, "7", "1")
    assert found["wafer"] == wafers["Wafer"].tolist()
    assert found["probability"] == expected.probability.tolist()
    assert found["verdict"] == list(expected.verdicts)


def test_it_describes_itself(url: str) -> None:
    status, about = call(url, "/v2/models/wafer-fault")

    assert (status, about["versions"]) == (200, ["1"])
    assert [each["name"] for each in about["inputs"]][:2] == ["Wafer", "Sensor - 1"]
    assert call(url, "/v2/models/wafer-fault/ready") == (200, {"name": "wafer-fault", "ready": True})
    assert call(url, "/v2")[1]["name"] == "wafer-fault"


def test_what_cannot_be_judged_is_refused_by_name(folder: Path, url: str) -> None:
    wafers = batch(folder)

    status, answer = call(url, INFER, {"inputs": columns(wafers.drop(columns="Sensor-3"))})
    assert (400 <= status < 500, "Sensor" in answer["error"]) == (True, True)

    ragged = columns(wafers)
    ragged[1]["data"] = ragged[1]["data"][:-1]
    assert "Sensor-1" in call(url, INFER, {"inputs": ragged})[1]["error"]
    assert call(url, "/v2/models/another/infer", {"inputs": columns(wafers)})[0] == 404


def test_it_is_not_ready_before_a_version_is_in_production(tmp_path: Path, empty_registry: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(empty_registry.read_bytes())

    with start(tmp_path, predictor()["livenessProbe"]["httpGet"]["path"]) as server:
        status, answer = call(server.url, "/v2/health/ready")

    assert status == 503
    assert "wafer train" in answer["error"]
