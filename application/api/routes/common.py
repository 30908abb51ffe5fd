"""What the route modules share: a router for each role, and the common parameters."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from application.access.gate import guarded
from application.access.roles import Role
from application.api.lines import ContractLine
from application.api.parts import Parts

RUN_ID = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$"
RunId = Annotated[str, Path(pattern=RUN_ID, max_length=100, description="Id of a run.")]
Threshold = Annotated[
    float | None, Query(ge=0, le=1, allow_inf_nan=False, description="Verdicts and ranks at this threshold.")
]
Unseen = Annotated[bool, Query(description="Without the wafers that the model learned from.")]
Version = Annotated[int, Path(ge=1, le=10**9, description="Version of the model.")]


ContractName = Annotated[str, Path(max_length=40, description="Name of a contract.", examples=["line-b"])]
OfContract = Annotated[
    str, Query(max_length=40, description="Name of a contract as `GET /contracts` lists it; empty: the default.")
]


def router_for(role: Role, tag: str, *, only_answers: bool = False) -> APIRouter:
    """A router whose routes need a role; `only_answers`: they change nothing, whatever their method."""
    return APIRouter(route_class=guarded(role, only_answers=only_answers), tags=[tag])


def line_of(request: Request, contract: str) -> ContractLine:
    """The line of a contract; the default one for no name."""
    return parts_of(request).lines.of(contract)


def parts_of(request: Request) -> Parts:
    """The application's parts."""
    found: Parts = request.app.state.parts
    return found
