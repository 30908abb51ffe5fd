"""Every refusal as RFC 9457 problem details, with the stable code of the error behind it."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from application.api.shapes.service import FieldProblem, Problem
from application.errors import NotAuthenticated, RequestInvalid, TooManyRequests, TrainingRunning, UploadTooLarge
from wafer.errors import WaferError

MEDIA_TYPE = "application/problem+json"
CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: UploadTooLarge.code}
NOT_JSON = "Send the body as JSON, with the header `Content-Type: application/json`."
SENTENCES = {
    404: "Nothing is at this address; /docs and /openapi.json list every address.",
    405: "This address does not support the method; the Allow header lists those it supports.",
    413: "The request's body is larger than the limit of this address.",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    retry_helps: bool = False,
    run_id: str | None = None,
    errors: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    content = Problem(
        type=f"urn:wafer-fault:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        retry_helps=retry_helps,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        run_id=run_id,
        errors=list(errors) if errors else None,
    )
    return JSONResponse(
        content.model_dump(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def of_error(error: WaferError, *, store_uri: str) -> Response:
    """One of our own errors; a local store's folder is left out of its message."""
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="wafer-fault"'
    if error.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    run_id = error.run_id if isinstance(error, TrainingRunning) else None
    return problem(
        error.http_status,
        error.code,
        without_folder(error.message, store_uri),
        retry_helps=error.retry_helps,
        run_id=run_id,
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Answer every kind of failure with a problem."""

    @app.exception_handler(WaferError)
    async def _ours(request: Request, error: WaferError) -> Response:
        return of_error(error, store_uri=request.app.state.parts.store.uri)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        if not _is_json(request) and any(each["loc"] == ("body",) for each in error.errors()):
            return problem(422, RequestInvalid.code, NOT_JSON, errors=[FieldProblem(where="header", message=NOT_JSON)])
        errors = [FieldProblem(where=_where(each["loc"]), message=str(each["msg"])) for each in error.errors()]
        summary = "; ".join(f"{each.where}: {each.message}" for each in errors[:5])
        return problem(422, RequestInvalid.code, f"The request is not valid. {summary}", errors=errors)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        status = error.status_code
        detail = SENTENCES.get(status, str(error.detail))
        return problem(status, CODES.get(status, RequestInvalid.code), detail, headers=error.headers)

    @app.exception_handler(ClientDisconnect)
    async def _gone(_request: Request, _error: ClientDisconnect) -> Response:
        return problem(400, RequestInvalid.code, "The client closed the connection.")  # for the log: nobody reads it

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, error: Exception) -> Response:
        structlog.get_logger().error("http.failed", exc_info=error)
        return problem(
            WaferError.http_status,
            WaferError.code,
            "An unexpected error occurred. The service's log has the details under this request id.",
        )


def without_folder(message: str, store_uri: str) -> str:
    """A message without the folder of a local store: where that lies is nobody's business outside."""
    if "://" in store_uri:
        return message
    return message.replace(f"{store_uri}/", "").replace(store_uri, "the store")


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type.endswith(("/json", "+json"))


def _where(location: Sequence[Any]) -> str:
    return ".".join(str(part).encode(errors="replace").decode() for part in location)
