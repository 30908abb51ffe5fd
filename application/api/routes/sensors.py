"""Sensors: behind flags, screened over a run, and one over the wafers of a run."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from application.api.openapi import problems
from application.api.routes.common import RunId, parts_of, router_for
from application.api.routes.spans import Asked
from application.api.shapes.sensors import (
    RunSensors,
    ScreenedSensor,
    SensorReading,
    SensorsBehindFlags,
    SensorSeries,
)
from application.api.tables import CSV, csv_response
from application.lists.forms import joined_name
from application.runs.run import Run
from wafer.errors import NotPublished

viewer = router_for("viewer", "sensors")
ROUTERS = (viewer,)
By = Annotated[
    str,
    Query(max_length=200, description="A column of the line, or `file`, `run`, `day`, `week`, `month`; with `lot`."),
]
LotName = Annotated[str, Query(max_length=400, description="Only wafers with this value in the column `by`.")]
Sensor = Annotated[str, Path(max_length=400, description="Name of a sensor as the line spells it.")]
Most = Annotated[int, Query(ge=30, le=5000, description="Most readings to answer.")]
_NONE = problems(s404="The run does not exist, has not published yet, or has no such sensor.")


@viewer.get("/sensors", responses=_NONE)
def behind_flags(request: Request, span: Asked, by: By = "", lot: LotName = "") -> SensorsBehindFlags:
    """List the sensors that flagged wafers name, the most often named first; each wafer counts once."""
    return parts_of(request).history().sensors.behind_flags(span, by, lot)


@viewer.get("/sensors.csv", response_class=Response, responses=CSV | _NONE)
def behind_flags_csv(request: Request, span: Asked, by: By = "", lot: LotName = "") -> Response:
    """Download the sensors behind flags as CSV."""
    found = parts_of(request).history().sensors.behind_flags(span, by, lot)
    rows = [each.model_dump() for each in found.sensors]
    called = f"{joined_name('sensors-behind-flags', lot, span.run_id)}.csv"
    return csv_response(called, ("sensor", "wafers", "carried", "cumulative"), rows)


@viewer.get("/runs/{run_id}/sensors", responses=_NONE)
def screening(request: Request, run_id: RunId) -> RunSensors:
    """List all sensors that a prediction's model uses, the most moved first."""
    return parts_of(request).history().sensors.of_run(_prediction(request, run_id))


@viewer.get("/runs/{run_id}/sensors.csv", response_class=Response, responses=CSV | _NONE)
def screening_csv(request: Request, run_id: RunId) -> Response:
    """Download the sensors of a prediction as CSV."""
    found = parts_of(request).history().sensors.of_run(_prediction(request, run_id))
    rows = [each.model_dump() for each in found.sensors]
    return csv_response(f"{run_id}-sensors.csv", tuple(ScreenedSensor.model_fields), rows)


@viewer.get("/runs/{run_id}/sensors/{sensor:path}/readings.csv", response_class=Response, responses=CSV | _NONE)
def readings_csv(request: Request, run_id: RunId, sensor: Sensor) -> Response:
    """Download what a sensor read on every wafer of a prediction, in the order of the line."""
    readings = parts_of(request).history().sensors.readings(_prediction(request, run_id), sensor)
    rows = (each.model_dump() for each in readings)
    return csv_response(f"{joined_name(run_id, sensor)}.csv", tuple(SensorReading.model_fields), rows)


@viewer.get("/runs/{run_id}/sensors/{sensor:path}", responses=_NONE)
def series(request: Request, run_id: RunId, sensor: Sensor, points: Most = 1000) -> SensorSeries:
    """Show one sensor over the wafers of a prediction: readings, batches, and how training wafers read."""
    return parts_of(request).history().sensors.series(_prediction(request, run_id), sensor, points)


def _prediction(request: Request, run_id: str) -> Run:
    run = parts_of(request).runs.find(run_id)
    if run.pipeline != "predict" or run.state != "succeeded":
        raise NotPublished(f"Run {run_id} is no prediction that succeeded, so it has no readings to show.")
    return run
