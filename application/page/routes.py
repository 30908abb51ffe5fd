"""The page's files over HTTP. They hold no data, so anybody may have them; what they show comes from guarded routes."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Header, Response
from starlette.exceptions import HTTPException

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-cache",  # asked about each time, so that an upgraded service never meets older scripts
}
MEDIA = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
DOCUMENT = "index.html"
router = APIRouter(include_in_schema=False)
IfNoneMatch = Annotated[str, Header()]


@cache
def page_files() -> dict[str, tuple[bytes, str]]:
    """Content and entity tag of every file of the page by name, read once."""
    found = {
        each.name: each.read_bytes() for each in (files("application.page") / "static").iterdir() if each.is_file()
    }
    return {name: (content, f'"{hashlib.sha256(content).hexdigest()[:20]}"') for name, content in found.items()}


@router.get("/")
def document(if_none_match: IfNoneMatch = "") -> Response:
    """The page."""
    return _sent(DOCUMENT, if_none_match)


@router.get("/page/{name}")
def page_file(name: str, if_none_match: IfNoneMatch = "") -> Response:
    """A script, the style sheet, the icon."""
    return _sent(name, if_none_match)


def _sent(name: str, known: str) -> Response:
    if name not in page_files():
        raise HTTPException(404)
    content, tag = page_files()[name]
    headers = {**HEADERS, "ETag": tag}
    if known == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=headers)
