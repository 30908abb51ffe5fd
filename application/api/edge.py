"""What every request passes first and every response last: request id, host, headers, log line, metrics."""

import secrets
import time
from collections.abc import Sequence

import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.api.metrics import Metrics
from application.api.problems import problem

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
REPORT_HEADERS = {  # a report may be framed by our own page, and whatever it holds, nothing in it runs
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox",
    "X-Frame-Options": "SAMEORIGIN",
}
HSTS = "max-age=31536000"
TOO_LARGE = 413
QUIET = {"/healthz", "/readyz", "/metrics"}
ANY_HOST = {"/healthz"}  # a load balancer asks by the pod's address, and the answer tells nothing
TRUSTED = "wafer.trusted_host"
UNKNOWN_HOST = "This host name is not served here; WAFER_HOSTS lists the names that are."


class Edge:
    """Pure ASGI, so that streams stay streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        watched = _Watched(scope, send, request_id)
        try:
            await self._app(scope, receive, watched.send)
        finally:
            self._tell(scope, watched)

    def _tell(self, scope: Scope, watched: "_Watched") -> None:
        route = scope.get("route")
        path = getattr(route, "path", "") or "unknown"
        method = scope["method"] if path != "unknown" else "any"  # a caller's own words would be labels without end
        self._metrics.answered(method, path, watched.status, watched.seconds)
        if path not in QUIET:
            structlog.get_logger().info(
                "http.request",
                method=scope["method"],
                route=path,
                path=scope["path"],
                status=watched.status,
                ms=round(watched.seconds * 1000, 1),
                **({"run_id": scope["path_params"]["run_id"]} if "run_id" in scope.get("path_params", {}) else {}),
            )


class _Watched:
    """The way out of one response."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._send = send
        self._secure = scope.get("scheme") == "https"
        self._request_id = request_id
        self._began = time.perf_counter()
        self.status = 0
        self.seconds = 0.0

    async def send(self, message: Message) -> None:
        """Send a message on, the first one with our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.seconds = time.perf_counter() - self._began
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self._request_id
            if self.status == TOO_LARGE:
                headers["Connection"] = "close"  # or the server would read what it has just refused to its end
            if self._secure:
                headers["Strict-Transport-Security"] = HSTS
        await self._send(message)


class KnownHosts:
    """Starlette's check of the host name, with a problem as its refusal. No `hosts` means that any name is served.

    `/healthz` is served under any name.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._check = TrustedHostMiddleware(_trust, hosts or ["*"], www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._check(scope, receive, _drop)
        if scope.get(TRUSTED) or scope.get("path") in ANY_HOST:
            await self._app(scope, receive, send)
        else:
            await problem(400, "REQUEST_INVALID", UNKNOWN_HOST)(scope, receive, send)


async def _trust(scope: Scope, _receive: Receive, _send: Send) -> None:
    scope[TRUSTED] = True


async def _drop(_message: Message) -> None:
    """Starlette's refusal is plain text, which no client of this interface expects."""
