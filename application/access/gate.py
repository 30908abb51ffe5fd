"""Authentication and roles: every guarded route asks here before it reads a byte of the body."""

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from application.access.keys import Keys
from application.access.limits import Limiter, Rate
from application.access.roles import Caller, Role, reaches
from application.access.sessions import COOKIE, CSRF_HEADER, Link, Sessions
from application.errors import NotAllowed, NotAuthenticated

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BURST_SECONDS = 20  # of requests that may come at once
ATTEMPTS = Rate(burst=20, per_second=0.2)  # failed sign-ins of one address


@dataclass(frozen=True, slots=True)
class Limiters:
    """How often a caller may read and change, and how often an address may fail to sign in."""

    reads: Limiter
    changes: Limiter
    attempts: Limiter

    @classmethod
    def of(cls, reads_per_second: float, changes_per_second: float) -> "Limiters":
        """Limiters whose buckets hold what comes in some seconds."""
        rates = (Rate(rate * BURST_SECONDS, rate) for rate in (reads_per_second, changes_per_second))
        reads, changes = (Limiter(rate) for rate in rates)
        return cls(reads, changes, Limiter(ATTEMPTS))


@dataclass(frozen=True, slots=True)
class Gate:
    """Tells who asks, how often, and whether the role reaches that far; `link` is there on an unconfigured laptop."""

    keys: Keys
    sessions: Sessions
    limiters: Limiters
    link: Link | None

    def admit(self, request: Request, needed: Role, *, changes: bool) -> Caller:
        """The caller. Raises `NotAuthenticated`, `TooManyRequests`, `NotAllowed`."""
        caller = self._known(request)
        who = f"{caller.name}:{caller.key_id}"
        (self.limiters.changes if changes else self.limiters.reads).take(who)
        if not reaches(caller.role, needed):
            raise NotAllowed(f"This needs the role {needed}; {caller.name} has the role {caller.role}.")
        structlog.contextvars.bind_contextvars(caller=caller.name)
        return caller

    def sign_in_with_key(self, request: Request, key: str) -> Caller:
        """Who an API key belongs to, with failed attempts counted by address."""
        return self._counted(request, lambda: self.keys.caller(key))

    def sign_in_with_link(self, request: Request, token: str) -> Caller:
        """Who the one-time link's token belongs to, with failed attempts counted by address."""
        return self._counted(request, lambda: self._by_link(token))

    def _known(self, request: Request) -> Caller:
        header = request.headers.get("authorization", "")
        cookie = request.cookies.get(COOKIE, "")
        if header:
            scheme, _, text = header.partition(" ")
            if scheme.lower() != "bearer":
                raise NotAuthenticated("Send the API key as `Authorization: Bearer KEY`.")
            return self._counted(request, lambda: self.keys.caller(text.strip()))
        if cookie:
            caller = self._counted(request, lambda: self.sessions.caller(cookie))
            if request.method not in SAFE:
                self._require_own_page(request, cookie)
            return caller
        raise NotAuthenticated("Send an API key as `Authorization: Bearer KEY`, or sign in on the page first.")

    def _require_own_page(self, request: Request, cookie: str) -> None:
        """Another site can make a browser send the cookie, but can neither read the token nor set the header."""
        origin = request.headers.get("origin")
        sent = request.headers.get(CSRF_HEADER, "")
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
        if foreign or not hmac.compare_digest(sent.encode(), self.sessions.csrf(cookie).encode()):
            raise NotAllowed(f"A change needs the session's {CSRF_HEADER} header; GET /session returns its value.")

    def _by_link(self, token: str) -> Caller:
        if not self.link:
            raise NotAuthenticated("This service has API keys and no one-time link. Sign in with a key.")
        return self.link.use(token)

    def _counted(self, request: Request, look: Callable[[], Caller]) -> Caller:
        try:
            return look()
        except NotAuthenticated:
            self.limiters.attempts.take(request.client.host if request.client else "")
            raise


def guarded(needed: Role, *, only_answers: bool) -> type[APIRoute]:
    """The route class of everything that needs a role; a POST that `only_answers` is counted as a read."""

    class GuardedRoute(APIRoute):
        """Asks the gate, then does the route's work."""

        role = needed

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """The route's own handler behind the gate."""
            handle = super().get_route_handler()

            async def behind_the_gate(request: Request) -> Response:
                request.state.caller = request.app.state.parts.gate.admit(
                    request, needed, changes=request.method not in SAFE and not only_answers
                )
                return await handle(request)

            return behind_the_gate

    return GuardedRoute


def caller_of(request: Request) -> Caller:
    """Who asks, as the gate found it."""
    found: Caller = request.state.caller
    return found


def audit(request: Request, action: str, **facts: object) -> None:
    """The line that says who changed what."""
    caller = caller_of(request)
    address = request.client.host if request.client else ""
    structlog.get_logger().info(
        "audit", action=action, by=caller.name, role=caller.role, key=caller.key_id, address=address, **facts
    )
