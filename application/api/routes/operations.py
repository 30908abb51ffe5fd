"""For the platform: health, readiness, metrics."""

from collections.abc import Callable
from dataclasses import asdict
from threading import Condition

import structlog
from cachetools import TTLCache, cached
from fastapi import APIRouter, Request, Response

from application.api.openapi import Responses
from application.api.parts import Parts
from application.api.routes.common import parts_of, router_for
from application.api.scraping import exposition
from application.api.shapes.service import Health, Readiness, Webhook
from wafer.errors import WaferError

public = APIRouter(tags=["operations"])
viewer = router_for("viewer", "operations")
ROUTERS = (public, viewer)
_TEXT: Responses = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text."}}
READY_SECONDS = 2.0  # between two checks, however many requests come


@public.get("/healthz")
def healthz() -> Health:
    """The process is alive."""
    return Health(status="ok")


@public.get("/readyz", responses={503: {"model": Readiness, "description": "A part that runs need does not respond."}})
def readyz(request: Request, response: Response) -> Readiness:
    """Store, ledger and backend respond, so runs can be started."""
    parts = parts_of(request)
    found = _readiness(parts)
    response.status_code = 200 if found.ready else 503
    return found


@viewer.get("/metrics", response_class=Response, responses=_TEXT)
def metrics(request: Request) -> Response:
    """Prometheus metrics: runs by state, seconds of stages, waiting times, quarantined rows, requests."""
    return exposition(parts_of(request))


@viewer.get("/webhooks")
def webhooks(request: Request) -> list[Webhook]:
    """List who is told of failed runs, promotions, drift and the like, and whether the notices arrive."""
    notices = parts_of(request).notices
    return [Webhook(**asdict(each)) for each in notices.outbox.standing()] if notices else []


@cached(TTLCache(8, READY_SECONDS), key=id, condition=Condition())
def _readiness(parts: Parts) -> Readiness:
    checks = {
        "store": _answers("store", lambda: parts.store.keys("pipelines")),
        "runs": _answers("runs", parts.runs.check),
    }
    return Readiness(ready=all(checks.values()), checks=checks)


def _answers(name: str, check: Callable[[], object]) -> bool:
    try:
        check()
    except WaferError as error:
        structlog.get_logger().warning("not_ready", part=name, code=error.code, message=error.message)
        return False
    return True
