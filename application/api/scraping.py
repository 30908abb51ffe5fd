"""A port of its own for Prometheus: metrics without a key and under any host name; the network says who reaches it."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.api.body_limit import HTTP
from application.api.parts import Parts

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"


def exposition(parts: Parts) -> Response:
    """Every figure of this process, as Prometheus reads it."""
    return Response(parts.metrics.exposition(parts.runs.active()), media_type=MEDIA_TYPE)


@contextmanager
def scraped(parts: Parts, listening: socket.socket | None) -> Iterator[None]:
    """Answer `GET /metrics` on a second socket meanwhile, if any: in a thread, where uvicorn takes no signal."""
    if listening is None:
        yield
        return
    server = uvicorn.Server(
        uvicorn.Config(_app(parts), http=HTTP, log_config=None, access_log=False, server_header=False)
    )
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.handle_exit(signal.SIGTERM, None)
        thread.join()


def _app(parts: Parts) -> Starlette:
    def metrics(_request: Request) -> Response:
        return exposition(parts)

    return Starlette(routes=[Route("/metrics", metrics)])
