"""Moto's server, one request at a time: what AWS does in one step, moto first checks and then does.

`python tests/servers/aws.py PORT` serves an account of its own.
"""

import sys
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CALL = "HTTP_AMZ_SDK_INVOCATION_ID"  # the same in every try of a call


def one_at_a_time(app: "WSGIApplication") -> "WSGIApplication":
    """The application with a lock around each answer."""
    turn = Lock()

    def locked(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with turn:
            return list(app(environ, start_response))

    return locked


def once_each(app: "WSGIApplication") -> "WSGIApplication":
    """The application, which does not do a call again when the SDK lost its answer and repeats it.

    AWS knows a repeated call by its client token, and moto does not: a second endpoint would stay for ever.
    """
    done = LRUCache[str, tuple[str, list[tuple[str, str]], list[bytes]]](1000)

    def answered(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        call = environ.get(CALL, "")
        if call not in done:
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
            answer = status, list(headers), list(body)
            if not call or not status.startswith("2"):
                return _send(answer, start_response)
            done[call] = answer
        return _send(done[call], start_response)

    return answered


def _send(answer: tuple[str, list[tuple[str, str]], list[bytes]], start_response: "StartResponse") -> Iterable[bytes]:
    status, headers, body = answer
    start_response(status, headers)
    return body


def moto_server(port: int = 0, *, repeats: bool = True) -> BaseWSGIServer:
    """The server on 127.0.0.1, to be run; `repeats` lets it do again what a client asks for again."""
    app: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return make_server("127.0.0.1", port, one_at_a_time(app if repeats else once_each(app)), threaded=True)


if __name__ == "__main__":
    moto_server(int(sys.argv[1]), repeats=False).serve_forever()
