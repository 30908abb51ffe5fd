"""A wire to an HTTP server that fails as it is told: errors, answers that are lost, and the death of who is asking."""

import http.client
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Literal

from tests.servers.s3_errors import refuse

Fault = Literal["", "refused", "answer lost"]
REFUSALS = [(503, "SlowDown"), (500, "InternalError")]
HOP_BY_HOP = {"transfer-encoding", "connection", "keep-alive"}


@dataclass
class Wire:
    """The way to the server at `port`; `fault` is asked for every request, by its number from 1."""

    port: int
    endpoint: str = ""
    fault: Callable[[int], Fault] = lambda _number: ""
    answered: Callable[[int], object] = lambda _number: None  # called when it has answered, before that is passed on
    requests: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def count(self, request: str) -> int:
        """Take down a request; its number."""
        with self._lock:
            self.requests.append(request)
            return len(self.requests)


def failing(share: float, seed: int = 7) -> Callable[[int], Fault]:
    """A fault in this share of the requests: errors and lost answers, one as often as the other."""
    dice, lock = random.Random(seed), Lock()

    def fault(_number: int) -> Fault:
        with lock:
            return dice.choice(("refused", "answer lost")) if dice.random() < share else ""

    return fault


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Lay a wire to a port of 127.0.0.1."""
    wire = Wire(port)

    class Handler(_Handler):
        through = wire

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    wire.endpoint = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    through: Wire
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        body = self._body()
        number = self.through.count(f"{self.command} {self.path.partition('?')[0]}")
        fault = self.through.fault(number)
        if fault == "refused":
            refuse(self, *REFUSALS[number % 2])
            return
        status, headers, content = self._forward(body)
        self.through.answered(number)
        if fault == "answer lost":
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        length = dict(headers).get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = _handle  # noqa: N815 - names of the base class

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            del self.headers["Expect"]
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        del self.headers["Transfer-Encoding"]
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.through.port, timeout=60)
        connection.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def handle(self) -> None:
        """A client that is killed hangs up in the middle."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
