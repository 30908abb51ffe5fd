"""The OpenAPI description: FastAPI's own, with the roles and the problems that any guarded route may answer."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from application.access.roles import Role
from application.access.sessions import COOKIE
from application.api.problems import MEDIA_TYPE
from application.api.shapes.service import Problem

Schema = dict[str, Any]  # a part of the description
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key (`wafer keys add NAME --role ROLE`)."},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "The page's session."},
}
ALWAYS = {
    "401": "No API key or session, or one that is unknown, expired or revoked.",
    "403": "The role does not permit this, or a change came without the session's X-CSRF-Token.",
    "429": "Rate limit exceeded; Retry-After says when to try again.",
    "503": "The store, ledger, registry or backend does not respond; a retry may help.",
}
INVALID = "The request does not match the description; `errors` lists what is wrong."
TOO_LARGE = "The body is larger than the limit of this address."
NO_CONTRACT = "No contract has this name."


def roles_of(routers: Iterable[APIRouter]) -> dict[tuple[str, str], Role | None]:
    """Which role each method of each path needs; None where no sign-in is needed."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {
        (route.path_format, method): getattr(route, "role", None) for route in routes for method in route.methods or ()
    }


def describe(app: FastAPI, routers: Iterable[APIRouter]) -> Schema:
    """The whole description."""
    schema: Schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, servers=app.servers
    )
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**problem.pop("$defs", {}), "Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schema["components"]["securitySchemes"] = SCHEMES
    roles = roles_of(routers)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            _complete(operation, path, roles.get((path, method.upper())))
    return schema


Responses = dict[int | str, Schema]


def problems(**sentences: str) -> Responses:
    """The problem responses that are a route's own: status as `s404` -> when it comes."""
    return {int(name.removeprefix("s")): _response(sentence) for name, sentence in sentences.items()}


def _complete(operation: Schema, path: str, role: Role | None) -> None:
    responses = operation["responses"]
    if "422" in responses:
        responses["422"] = _response(INVALID)
    if "requestBody" in operation:
        responses.setdefault("413", _response(TOO_LARGE))
        responses.setdefault("400", _response("The body cannot be read."))
    if "{run_id}" in path or "{version}" in path:
        responses.setdefault("404", _response("Nothing has this id, or it has no such result."))
    if any(each["name"] == "contract" for each in operation.get("parameters", [])):
        responses.setdefault("404", _response(NO_CONTRACT))
    if role:
        operation["security"] = [{"key": []}, {"session": []}]
        operation["x-role"] = role
        for status, sentence in ALWAYS.items():
            responses.setdefault(status, _response(sentence))


def _response(sentence: str) -> Schema:
    return {"description": sentence, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
