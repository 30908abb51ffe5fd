"""The servers that the suite works with (S3, MongoDB, MLflow) and toxiproxy, each started in a folder of its own."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.servers.binaries import program
from tests.servers.server import Server, start_on_free_port

S3_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "wafer-test",
    "AWS_SECRET_ACCESS_KEY": "wafer-test-secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",  # boto3 and MLflow read this one
}
_MINIO = {
    "MINIO_ROOT_USER": S3_CREDENTIALS["AWS_ACCESS_KEY_ID"],
    "MINIO_ROOT_PASSWORD": S3_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    "MINIO_BROWSER": "off",  # its console would listen on every address
    "MINIO_UPDATE": "off",
}
_MLFLOW = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # evaluation jobs of language models
    "MLFLOW_TRACKING_URI": "",
    "GIT_PYTHON_REFRESH": "quiet",
}


def start_minio(folder: Path) -> Server:
    """Start an S3 server with its objects in `folder`; credentials are `S3_CREDENTIALS`."""
    data = folder / "objects"
    data.mkdir(parents=True, exist_ok=True)
    binary = str(program("minio"))

    def describe(port: int) -> Server:
        command = [binary, "server", "--quiet", "--address", f"127.0.0.1:{port}", str(data)]
        ready = partial(_answers, "/minio/health/ready")
        return Server(command, f"http://127.0.0.1:{port}", port, folder / "minio.log", ready, _MINIO)

    return start_on_free_port(describe)


def start_mongodb(folder: Path) -> Server:
    """Start a server of the MongoDB wire protocol with its documents in `folder`."""
    data = folder / "documents"
    data.mkdir(parents=True, exist_ok=True)
    binary = str(program("mongodb"))

    def describe(port: int) -> Server:
        command = [binary, "--address", f"127.0.0.1:{port}", "--folder", str(data)]
        return Server(command, f"mongodb://127.0.0.1:{port}/", port, folder / "mongodb.log", _answers_ping)

    return start_on_free_port(describe)


def start_mlflow(folder: Path, artifacts: str = "", environment: Mapping[str, str] | None = None) -> Server:
    """Start the server of the installed mlflow, which hands out the artifacts below `artifacts`: a folder or `s3://…`.

    `environment` tells it how to reach S3.
    """
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = artifacts or str(folder / "artifacts")
    serve = [sys.executable, "-m", "mlflow", "server", "--workers=1", "--host=127.0.0.1"]
    stores = [f"--backend-store-uri=sqlite:///{folder}/mlflow.db", f"--artifacts-destination={artifacts}"]

    def describe(port: int) -> Server:
        command = [*serve, f"--port={port}", *stores]
        settings = _MLFLOW | dict(environment or {})
        ready = partial(_answers, "/health")
        return Server(command, f"http://127.0.0.1:{port}", port, folder / "mlflow.log", ready, settings)

    return start_on_free_port(describe)


def start_toxiproxy(folder: Path) -> Server:
    """Start a toxiproxy without proxies; `folder` takes its log."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = str(program("toxiproxy"))

    def describe(port: int) -> Server:
        command = [binary, "-host", "127.0.0.1", "-port", str(port)]
        ready = partial(_answers, "/version")
        return Server(command, f"http://127.0.0.1:{port}", port, folder / "toxiproxy.log", ready)

    return start_on_free_port(describe)


def _answers(path: str, url: str) -> bool:
    try:
        with urllib.request.urlopen(url + path, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _answers_ping(uri: str) -> bool:
    with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=500) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True
