"""The page's files over HTTP. They hold no data, so anybody may have them; what they show comes from guarded routes."""

import os
from functools import cache
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request, Response
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from wafer.files import sha256_of

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-cache",  # asked about each time, so that an upgraded service never meets older scripts
}
MEDIA = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
DOCUMENT, DOCS = "index.html", "docs.html"
router = APIRouter(include_in_schema=False)


class PageFiles(StaticFiles):
    """Files with the page's headers and an entity tag made from the content.

    Starlette makes the tag from size and time, which two builds of the same file do not share. Its own 304 leaves out
    the content security policy, and a browser would then put the service's default policy in its place.
    """

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or that the browser has it already."""
        path = Path(full_path)
        headers = {**HEADERS, "ETag": entity_tag(path)}
        response = FileResponse(path, status_code, headers, MEDIA[path.suffix], stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return Response(status_code=304, headers=headers)
        return response


_files = PageFiles(packages=[("application.page", "static")])
# Swagger UI, which FastAPI's own page loads from a public network that a fab does not reach.
_swagger = PageFiles(packages=[(fastapi_offline.__name__, "static")])


@cache
def entity_tag(path: Path) -> str:
    """The tag of a file, which does not change while the service runs."""
    return f'"{sha256_of(path)[:20]}"'


@router.get("/")
async def document(request: Request) -> Response:
    """The page."""
    return await _files.get_response(DOCUMENT, request.scope)


@router.get("/page/{name}")
async def page_file(name: str, request: Request) -> Response:
    """A script, the style sheet, the icon."""
    return await _files.get_response(name, request.scope)


@router.get("/page/{folder}/{name}")
async def page_part(folder: str, name: str, request: Request) -> Response:
    """A script or style sheet of a part of the page."""
    return await _files.get_response(f"{folder}/{name}", request.scope)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The description of the HTTP interface."""
    return await _files.get_response(DOCS, request.scope)


@router.get("/docs/{name}")
async def docs_file(name: str, request: Request) -> Response:
    """A script or style sheet of Swagger UI."""
    return await _swagger.get_response(name, request.scope)
