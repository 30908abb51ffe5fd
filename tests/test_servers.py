"""What the suite relies on from real S3, MongoDB and MLflow servers, and from the faults on the wire to them."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, DuplicateKeyError

from tests.servers.fixtures import S3Server
from tests.servers.parts import start_toxiproxy
from tests.servers.server import NotReady, Server, start_on_free_port
from tests.servers.toxiproxy import Proxy

ROOT = Path(__file__).parents[1]
OWNER = """
import sys
from pathlib import Path
from tests.servers.server import Server
pid = Path(sys.argv[1])
command = ["sh", "-c", 'echo $$ > "$0.part" && mv "$0.part" "$0" && exec sleep 600', str(pid)]
Server(command, "", 0, pid.with_name("log"), lambda url: pid.exists()).start()
print("started", flush=True)
sys.stdin.read()
"""


def test_s3_keeps_an_object_and_refuses_to_write_it_twice_on_condition(s3_bucket: str) -> None:
    s3, bucket = boto3.Session().client("s3"), s3_bucket.removeprefix("s3://")

    s3.put_object(Bucket=bucket, Key="runs/one/_SUCCESS.json", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="runs/one/_SUCCESS.json", Body=b"second", IfNoneMatch="*")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=bucket, Key="runs/one/_SUCCESS.json")["Body"].read() == b"first"


def test_mongodb_refuses_a_second_document_with_the_same_id(mongodb_database: str) -> None:
    with MongoClient[dict[str, object]](mongodb_database) as client:
        wafers = client.get_default_database()["wafers"]
        wafers.insert_one({"_id": "a", "Sensor - 1": 2968.33})

        with pytest.raises(DuplicateKeyError) as refused:
            wafers.insert_one({"_id": "a", "Sensor - 1": 0.0})

        assert refused.value.code == 11000
        assert list(wafers.find()) == [{"_id": "a", "Sensor - 1": 2968.33}]


def test_the_mlflow_server_makes_an_experiment_and_keeps_its_artifacts(mlflow_server: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(mlflow_server, mlflow_server)
    (tmp_path / "report.html").write_text("<p>all good</p>")

    experiment = client.create_experiment(f"servers-{time.time_ns()}")
    run = client.create_run(experiment).info.run_id
    client.log_artifact(run, str(tmp_path / "report.html"))

    copy = client.download_artifacts(run, "report.html", str(tmp_path))
    assert Path(copy).read_text() == "<p>all good</p>"


def test_the_wire_can_be_slow_reset_cut_and_sound_again(s3_server: S3Server, proxy_to: Callable[[int], Proxy]) -> None:
    proxy = proxy_to(int(s3_server.endpoint.rpartition(":")[2]))
    url = f"http://127.0.0.1:{proxy.port}/minio/health/live"

    assert _status(url) == 200

    proxy.add("latency", latency=300)
    before = time.monotonic()
    assert _status(url) == 200
    assert time.monotonic() - before >= 0.3

    proxy.clear()
    proxy.add("reset_peer", timeout=0)
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        _status(url)

    proxy.clear()
    proxy.cut()
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        _status(url)

    proxy.mend()
    assert _status(url) == 200


def test_a_mongodb_that_is_down_for_a_while_is_back_with_its_documents(
    mongodb_database: str, proxy_to: Callable[[int], Proxy]
) -> None:
    host, _, rest = mongodb_database.removeprefix("mongodb://").partition(":")
    port, _, database = rest.partition("/")
    proxy = proxy_to(int(port))
    assert host == "127.0.0.1"

    with MongoClient[dict[str, object]](
        f"mongodb://127.0.0.1:{proxy.port}/{database}", serverSelectionTimeoutMS=500, retryReads=False
    ) as client:
        wafers = client.get_default_database()["wafers"]
        wafers.insert_one({"_id": "a"})

        proxy.cut()
        with pytest.raises(AutoReconnect):
            wafers.find_one()
        proxy.mend()

        assert wafers.find_one() == {"_id": "a"}


def test_a_server_can_be_stopped_and_started_again_on_its_port(tmp_path: Path, toxiproxy_server: object) -> None:
    with start_toxiproxy(tmp_path) as server:
        server.stop()
        with pytest.raises(urllib.error.URLError):
            _status(f"{server.url}/version")

        server.start()
        assert _status(f"{server.url}/version") == 200

    with pytest.raises(urllib.error.URLError):
        _status(f"{server.url}/version")


def test_a_server_that_ends_by_itself_is_reported_with_its_last_words(tmp_path: Path) -> None:
    def describe(port: int) -> Server:
        command = ["sh", "-c", "echo no space left; exit 3"]
        return Server(command, f"http://127.0.0.1:{port}", port, tmp_path / "log", lambda _url: False)

    with pytest.raises(NotReady, match=r"ended with 3:\n(?s:.*)no space left"):
        start_on_free_port(describe)


def test_a_server_ends_with_the_process_that_started_it_even_if_that_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(pid_file)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"started\n"
    server = int(pid_file.read_text())

    owner.kill()
    owner.communicate()

    deadline = time.monotonic() + 20
    while _is_alive(server):
        assert time.monotonic() < deadline


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        status: int = answer.status
    return status
