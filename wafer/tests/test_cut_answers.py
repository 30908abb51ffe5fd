"""An answer that ends within its headers is a broken connection, and no empty answer."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from wafer.errors import RegistryUnavailable
from wafer.process import refuse_cut_answers
from wafer.registry import open_registry
from wafer.runs.records import run_stage
from wafer.store import open_store

LISTING = (
    b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a.csv</Key><Size>1</Size><ETag>e</ETag>"
    b"</Contents></ListBucketResult>"
)
Answer = Callable[[int], bytes]  # of the number of the request


def whole(body: bytes, media_type: str) -> bytes:
    """An answer with its length last, as many servers send it."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture
def server() -> Iterator[Callable[[Answer], str]]:
    """A server that sends bytes and closes the connection; `Answer` says which bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(answer: Answer) -> None:
        for number in range(10_000):
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(answer(number))

    def start(answer: Answer) -> str:
        Thread(target=serve, args=(answer,), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as the commands make theirs, for one test."""
    monkeypatch.setattr(http.client, "parse_headers", http.client.parse_headers)
    refuse_cut_answers()


@pytest.mark.usefixtures("refusing")
def test_an_answer_cut_anywhere_is_never_a_whole_one(server: Callable[[Answer], str]) -> None:
    answer = whole(b"{}", "application/json")
    address = server(lambda number: answer[:number]).removeprefix("http://")

    for _ in range(len(answer)):
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", "/")
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            connection.getresponse().read()
        connection.close()


@pytest.mark.usefixtures("refusing")
def test_a_listing_of_s3_cut_in_its_headers_is_asked_for_again(
    server: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = whole(LISTING, "application/xml")
    cut = answer.index(b"Content-Length")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server(lambda number: answer[:cut] if number == 0 else answer))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-the-test")

    assert [item.key for item in open_store("s3://bucket/").keys("")] == ["a.csv"]


def cut_registry(server: Callable[[Answer], str]) -> str:
    """The address of a registry of one version, whose answers end before their length."""
    answer = whole(b'{"registered_model": {"name": "wafer-fault"}}', "application/json")
    return server(lambda _number: answer[: answer.index(b"Content-Length")])


@pytest.mark.usefixtures("refusing")
def test_a_registry_cut_in_its_headers_is_never_an_empty_one(
    server: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(RegistryUnavailable, match="did not complete a call"):
        open_registry(cut_registry(server)).production()


@pytest.mark.slow  # an interpreter with MLflow
def test_the_command_line_refuses_cut_answers(server: Callable[[Answer], str], tmp_path: Path) -> None:
    away = {"MLFLOW_TRACKING_URI": cut_registry(server), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    wafer = [sys.executable, "-c", "from application.cli.app import main; main()", "models"]

    done = subprocess.run(wafer, env=os.environ | away | {"WAFER_HOME": str(tmp_path)}, capture_output=True, text=True)

    assert done.returncode
    assert "breaks its answers off" in " ".join(done.stderr.split())


def test_a_stage_refuses_cut_answers(
    server: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(http.client, "parse_headers", http.client.parse_headers)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with run_stage("promote", "run-1", open_store(str(tmp_path))), pytest.raises(RegistryUnavailable):
        open_registry(cut_registry(server)).production()
