"""What a request is seen as from outside: HEAD instead of GET, and addresses below a proxy's prefix."""

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Answer HEAD with what GET would answer, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b""})

        async def until_the_end() -> Message:
            return {"type": "http.disconnect"} if ended else await receive()  # ends a stream of events

        await self._app({**scope, "method": "GET"}, until_the_end, without_body)


class BelowPrefix:
    """Serve below a path: a proxy may leave the prefix on or take it off, and the addresses in answers have it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._prefix:
            await self._app(scope, receive, send)
            return
        if scope["path"] == self._prefix:
            await RedirectResponse(f"{self._prefix}/", 308)(scope, receive, send)
            return

        async def prefixed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if (place := headers.get("location", "")).startswith("/"):
                    headers["location"] = self._prefix + place
            await send(message)

        await self._app({**scope, "path": self._inner(scope["path"])}, receive, prefixed)

    def _inner(self, path: str) -> str:
        return path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else path
