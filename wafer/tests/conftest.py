"""S3 for the tests of this folder: moto's server on 127.0.0.1, and a wire in front of it that can fail."""

import http.client
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Literal
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from tests.servers.s3_errors import refuse
from wafer.store import Store, open_store
from wafer.store.s3 import S3Store

Fault = Literal["", "refused", "denied", "answer lost", "body cut"]
_ERRORS = {"refused": (503, "SlowDown"), "denied": (403, "AccessDenied")}


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "7"  # so that a handful of objects is a listing of several pages
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def make_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Point the AWS environment at an endpoint and make a bucket there that lives as long as the test."""
    made = []

    def make(endpoint: str) -> str:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("REGION", "us-east-1")):
            monkeypatch.setenv(f"AWS_{name}", os.environ.get(f"AWS_{name}", value))
        store = S3Store.at(f"s3://wafer-test-{uuid4().hex}")
        store._client.create_bucket(Bucket=store._bucket)
        made.append(store)
        return store._bucket

    yield make
    for store in made:
        for item in store.keys(""):
            store.delete(item.key)
        store._client.delete_bucket(Bucket=store._bucket)


@pytest.fixture(params=["folder", "moto", pytest.param("server", marks=pytest.mark.server)])
def address(request: pytest.FixtureRequest, tmp_path: Path, make_bucket: Callable[[str], str]) -> str:
    """Address of an empty store of each kind."""
    if request.param == "folder":
        return str(tmp_path / "store")
    if request.param == "moto":
        return f"s3://{make_bucket(request.getfixturevalue('moto_endpoint'))}/some/prefix"
    return f"{request.getfixturevalue('s3_bucket')}/some/prefix"


@pytest.fixture
def store(address: str) -> Store:
    return open_store(address)


@dataclass
class Wire:
    """The way to S3; `fault` decides for every request (its number from 0, its method) what goes wrong with it."""

    target: str
    endpoint: str = ""
    fault: Callable[[int, str], Fault] = lambda _number, _method: ""
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def laid_wire(moto_endpoint: str) -> Iterator[Wire]:
    wire = Wire(moto_endpoint.removeprefix("http://"))

    class Handler(_Handler):
        through = wire

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    wire.endpoint = f"http://127.0.0.1:{server.server_port}"
    yield wire
    server.shutdown()
    server.server_close()


@pytest.fixture
def wire(laid_wire: Wire) -> Wire:
    """The wire, sound and unused."""
    laid_wire.fault = lambda _number, _method: ""
    laid_wire.requests.clear()
    return laid_wire


class _Handler(BaseHTTPRequestHandler):
    through: Wire
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = len(self.through.requests)
        self.through.requests.append(f"{self.command} {self.path}")
        fault = self.through.fault(number, self.command)
        if fault in _ERRORS:
            refuse(self, *_ERRORS[fault])
            return
        status, headers, answer = self._forward(body)
        if fault == "answer lost":
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer[: len(answer) // 2] if fault == "body cut" else answer)
        self.close_connection = fault == "body cut"

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle  # noqa: N815 - names of the base class

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.through.target)
        connection.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, [item for item in answer.getheaders() if item[0] != "Transfer-Encoding"], content

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Say nothing: the tests look at `Wire.requests`."""
