"""Moto's server, one request at a time: what AWS does in one step, moto first checks and then does.

`python tests/servers/aws.py PORT` serves an account of its own.
"""

import sys
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def moto_server(port: int = 0) -> BaseWSGIServer:
    """The server on 127.0.0.1, to be run."""
    app, turn = DomainDispatcherApplication(create_backend_app), Lock()

    def one_at_a_time(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with turn:
            return list(app(environ, start_response))

    return make_server("127.0.0.1", port, one_at_a_time, threaded=True)


if __name__ == "__main__":
    moto_server(int(sys.argv[1])).serve_forever()
