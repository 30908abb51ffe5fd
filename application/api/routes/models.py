"""Versions of the model: their quality, promotion and rollback."""

from typing import Annotated

from fastapi import Path, Request

from application.access.gate import audit, caller_of
from application.api.openapi import problems
from application.api.routes.common import OfContract, Version, line_of, router_for
from application.api.shapes.models import ChangeRequest, Model, ModelCurves, Models, SensorRange
from wafer.evaluation.standing import Period, Scorecard
from wafer.registry import ByHand

viewer = router_for("viewer", "models")
admin = router_for("admin", "models")
ROUTERS = (viewer, admin)
_MOVED = "Another version is in production than `expected`."
SensorName = Annotated[str, Path(max_length=100, examples=["Sensor - 99"])]


@viewer.get("/models")
def models(request: Request, contract: OfContract = "") -> Models:
    """List every version, newest first, with the decision about its promotion."""
    return line_of(request, contract).models.all()


@viewer.get("/models/{version}")
def model(request: Request, version: Version, contract: OfContract = "") -> Model:
    """Show one version."""
    return line_of(request, contract).models.one(version)


@viewer.get("/models/{version}/curves")
def curves(request: Request, version: Version, contract: OfContract = "") -> ModelCurves:
    """ROC, precision and recall, calibration and clusters of a version, measured out of fold."""
    return line_of(request, contract).models.curves(version)


@viewer.get("/models/{version}/scorecard")
def scorecard(request: Request, version: Version, period: Period = "month", contract: OfContract = "") -> Scorecard:
    """Show what a version's predictions turned out to be worth, by period: recall, false alarms, AUC, calibration."""
    return line_of(request, contract).scorecards.of(version, period)


@viewer.get("/models/{version}/sensors/{sensor}")
def sensor(request: Request, version: Version, sensor: SensorName, contract: OfContract = "") -> SensorRange:
    """Quantiles of a sensor's readings on the passing wafers of a version's training set."""
    return line_of(request, contract).models.bundle(version).sensor(version, sensor)


@admin.post("/models/{version}/promote", responses=problems(s409=_MOVED))
def promote(request: Request, version: Version, body: ChangeRequest | None = None, contract: OfContract = "") -> Model:
    """Put a version into production manually."""
    found = line_of(request, contract).models.promote(version, _asked(request, body))
    audit(request, "model.promote", version=version, contract=contract)
    return found


@admin.post("/models/{version}/decline", responses=problems(s409="The version does not wait for a person."))
def decline(request: Request, version: Version, body: ChangeRequest | None = None, contract: OfContract = "") -> Model:
    """Say no to the version that waits for a person; predictions score it in shadow no longer."""
    found = line_of(request, contract).models.decline(version, _asked(request, body))
    audit(request, "model.decline", version=version, contract=contract)
    return found


@admin.post("/models/rollback", responses=problems(s404="No earlier production version is known.", s409=_MOVED))
def rollback(request: Request, body: ChangeRequest | None = None, contract: OfContract = "") -> Model:
    """Restore the version that was in production before."""
    found = line_of(request, contract).models.rollback(_asked(request, body))
    audit(request, "model.rollback", version=found.version, contract=contract)
    return found


def _asked(request: Request, body: ChangeRequest | None) -> ByHand:
    words = body or ChangeRequest()
    return ByHand(caller_of(request).name, words.why.strip(), words.expected)
