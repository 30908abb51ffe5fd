"""For the platform: health, readiness, metrics."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from application.access.gate import audit
from application.api.openapi import Responses
from application.api.routes.common import parts_of, router_for
from application.api.scraping import exposition
from application.api.shapes.service import Health, Readiness, Webhook, WebhookTest

public = APIRouter(tags=["operations"])
viewer = router_for("viewer", "operations")
admin = router_for("admin", "operations")
ROUTERS = (public, viewer, admin)
_TEXT: Responses = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text."}}


@public.get("/healthz")
async def healthz() -> Health:
    """The process is alive."""
    return Health(status="ok")


@public.get("/readyz", responses={503: {"model": Readiness, "description": "A part that runs need does not respond."}})
async def readyz(request: Request, response: Response) -> Readiness:
    """Store, ledger and backend respond, so runs can be started."""
    answers = await parts_of(request).checks.answers()
    ready = all(answers.values())
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, checks=answers)


@viewer.get("/metrics", response_class=Response, responses=_TEXT)
def metrics(request: Request) -> Response:
    """Prometheus metrics: runs by state, seconds of stages, waiting times, quarantined rows, requests."""
    return exposition(parts_of(request))


@viewer.get("/webhooks")
def webhooks(request: Request) -> list[Webhook]:
    """List who is told of failed runs, promotions, drift and the like, and whether the notices arrive."""
    notices = parts_of(request).notices
    return [Webhook(**asdict(each)) for each in notices.outbox.standing()] if notices else []


@admin.post("/webhooks/test")
def test_webhooks(request: Request) -> list[WebhookTest]:
    """Send every address a test, and tell how each took it."""
    notices = parts_of(request).notices
    answers = notices.outbox.test() if notices else {}
    audit(request, "webhooks.test", addresses=len(answers))
    return [WebhookTest(address=name, error=error) for name, error in answers.items()]
