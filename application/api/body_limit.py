"""Bodies beyond the limit are refused with a problem before or while they come; nothing reads them to their end.

FastAPI's own `max_body_size` does the same but answers in plain text, which no client of this interface expects.
"""

from typing import Literal

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.api.problems import SENTENCES, problem

HTTP: Literal["h11"] = "h11"  # reads requests and limits their head, which httptools does not: ADR 40
TOO_LARGE = 413
LARGE = ("/uploads/", "/score")  # a thousand wafers of 590 sensors are 16 MB of JSON


class BodyLimit:
    """Pure ASGI. `limit` bytes, except `upload_limit` for what carries readings."""

    def __init__(self, app: ASGIApp, limit: int, upload_limit: int) -> None:
        self._app = app
        self._limit = limit
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_limit if scope["path"].startswith(LARGE) else self._limit
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await problem(TOO_LARGE, "TOO_LARGE", SENTENCES[TOO_LARGE])(scope, receive, send)
            return
        left = limit

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(TOO_LARGE)
            return message

        await self._app(scope, counted, send)
