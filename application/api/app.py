"""The service as one ASGI application over its parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from application.api import problems
from application.api.as_tables import AsTables
from application.api.body_limit import BodyLimit
from application.api.edge import Edge, KnownHosts
from application.api.openapi import Schema, describe
from application.api.outside import BelowPrefix, Heads
from application.api.parts import Parts
from application.api.routes import (
    comparisons,
    contracts,
    drift,
    lists,
    lots,
    models,
    operations,
    removals,
    results,
    retraining,
    runs,
    schedules,
    scores,
    sensors,
    session,
    sources,
    wafers,
)
from application.notices.telling import telling
from application.retraining.watching import deciding
from application.runs.background import repeated
from application.runs.watcher import watching

PACKAGE = "wafer-fault-prediction"
LINE_SECONDS = 60.0  # between two looks at what the metrics say of the line
SWEEP_SECONDS = 3600.0  # between two looks whether something is too old
SCHEDULE_SECONDS = 30.0  # between two looks whether a schedule is due
ROUTERS: tuple[APIRouter, ...] = (
    *scores.ROUTERS,  # first, because they are tried one after the other and a line asks these all day
    *comparisons.ROUTERS,  # before `/runs/{run_id}`, which takes any word
    *runs.ROUTERS,
    *lists.ROUTERS,
    *results.ROUTERS,
    *wafers.ROUTERS,
    *sources.ROUTERS,
    *models.ROUTERS,
    *contracts.ROUTERS,
    *lots.ROUTERS,
    *sensors.ROUTERS,
    *drift.ROUTERS,
    *retraining.ROUTERS,
    *schedules.ROUTERS,
    *removals.ROUTERS,
    *session.ROUTERS,
    *operations.ROUTERS,
)


def create_app(parts: Parts, *, watch: bool = True, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """Join the routes to the parts, and `pages`; `watch=False` leaves following the runs to the caller."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if watch:
            policy = deciding(parts.retraining, parts.settings.retrain_hours)
            due = repeated("schedules", parts.schedules.start_due, SCHEDULE_SECONDS)
            days = parts.settings.retention_days
            swept = repeated("retention", parts.removals.sweep, SWEEP_SECONDS) if days else nullcontext()
            line = repeated("metrics", parts.line.look, LINE_SECONDS)
            async with watching(parts.runs), telling(parts.notices), policy, due, swept, line:
                yield
        else:
            yield

    app = FastAPI(
        title="Wafer Fault Prediction",
        version=version(PACKAGE),
        description="Train on batches of wafers, predict new ones, follow runs, fetch results, and manage the model.",
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere; application.page has one that does not
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": parts.settings.prefix}] if parts.settings.prefix else None,
    )
    app.state.parts = parts
    app.add_middleware(BodyLimit, limit=parts.settings.body_bytes, upload_limit=parts.settings.upload_bytes)
    app.add_middleware(KnownHosts, hosts=parts.hosts)
    app.add_middleware(Edge, metrics=parts.metrics)
    app.add_middleware(AsTables, routers=ROUTERS)
    app.add_middleware(Heads)
    app.add_middleware(BelowPrefix, prefix=parts.settings.prefix)
    problems.install(app)
    for router in (*ROUTERS, *pages):
        app.include_router(router)

    def openapi() -> Schema:
        app.openapi_schema = app.openapi_schema or describe(app, ROUTERS)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to extend it
    return app
