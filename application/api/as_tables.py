"""A list as a table for whoever asks by `Accept`: the same answer as at its address that ends in `.csv`."""

import re
from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.lists.forms import MEDIA, Form

_JSON = "application/json"
_FORMS: dict[str, Form] = {media: form for form, media in MEDIA.items()}
_WAFERS = re.compile(r"/runs/[^/]+/predictions")  # asked for as a file, they have one column a reason, and a name


class AsTables:
    """Answer `Accept: text/csv` (wafers of a run also as a workbook) with the file behind a list."""

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        routes = {each.path: each for router in routers for each in router.routes if isinstance(each, APIRoute)}
        self._lists = [
            (route.path_regex, ending)
            for path, route in routes.items()
            for ending in (".csv", "/readings.csv")
            if f"{path}{ending}" in routes
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        asked = scope["type"] == "http" and scope["method"] == "GET"
        tables = self._tables(scope["path"], scope["query_string"]) if asked else {}
        if not tables:
            await self._app(scope, receive, send)
            return

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Accept")
            await send(message)

        wanted = preferred(Headers(scope=scope).get("accept", ""), (_JSON, *tables))
        await self._app({**scope, **tables.get(wanted, {})}, receive, varying)

    def _tables(self, path: str, query: bytes) -> dict[str, dict[str, object]]:
        """What of a request is another one where a table is asked for, by media type; empty where there is none."""
        if _WAFERS.fullmatch(path):
            return {media: _exported(path, form, query) for media, form in _FORMS.items()}
        ending = next((ending for pattern, ending in self._lists if pattern.fullmatch(path)), None)
        return {MEDIA["csv"]: {"path": f"{path}{ending}"}} if ending else {}


def _exported(path: str, form: Form, query: bytes) -> dict[str, object]:
    return {"path": f"{path.removesuffix('predictions')}export", "query_string": b"form=%b&%b" % (form.encode(), query)}


def preferred(accept: str, offered: Iterable[str]) -> str:
    """What of the media types on offer a caller would rather have; the first where it does not say."""
    weights = dict(map(_weight, filter(None, map(str.strip, accept.split(",")))))
    return max(offered, key=lambda media: weights.get(media, 0.0))


def _weight(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip() for part in text.split(";"))
    given = dict(each.partition("=")[::2] for each in parameters)
    try:
        return media.lower(), float(given.get("q", 1))
    except ValueError:
        return media.lower(), 0.0
