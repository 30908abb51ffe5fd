"""`wafer mlflow`: MLflow's page over the registry of the home."""

import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from application.tests.processes import WAFER, environment, wafer


@pytest.mark.slow
def test_mlflow_shows_what_the_registry_of_the_home_has(tmp_path: Path, empty_registry: Path) -> None:
    database = tmp_path / "mlflow" / "mlflow.db"
    database.parent.mkdir()
    database.write_bytes(empty_registry.read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with subprocess.Popen([*WAFER, "mlflow", "--port", str(port)], env=environment(tmp_path), cwd=tmp_path) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                waits = Retrying(retry=retry_if_exception_type(httpx.TransportError), stop=stop_after_delay(120))
                page = waits.copy(wait=wait_fixed(0.2))(client.get, "/")
                found = client.get("/api/2.0/mlflow/experiments/get", params={"experiment_id": "0"}).json()
        finally:
            process.terminate()

    assert "MLflow" in page.text
    assert found["experiment"]["name"] == "Default"
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow"]  # nothing is made where the command was called


def test_without_a_training_there_is_nothing_to_show(tmp_path: Path) -> None:
    done = wafer(tmp_path / "home", "mlflow")

    assert done.returncode == 1
    assert "wafer train" in done.stderr
    assert not (tmp_path / "home").exists()
