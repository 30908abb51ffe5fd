"""Named contracts: the lines of this installation."""

import json
from collections.abc import Mapping

from fastapi import Request, Response

from application.access.gate import audit, caller_of
from application.api.openapi import problems
from application.api.routes.common import ContractName, parts_of, router_for
from application.api.shapes import contracts as shapes
from application.errors import RequestInvalid
from wafer.contract import ContractFiles

viewer = router_for("viewer", "contracts")
admin = router_for("admin", "contracts")
ROUTERS = (viewer, admin)
_NONE = problems(s404="There is no contract of this name.")


@viewer.get("/contracts")
def contracts(request: Request) -> shapes.Contracts:
    """List the contracts that runs can take: the built-in one, then the others by name."""
    lines = parts_of(request).lines
    return shapes.Contracts(
        contracts=[shapes.Contract.of(each) for each in lines.contracts.all()], default=lines.default
    )


@viewer.get("/contracts/{name}", responses=_NONE)
def contract(request: Request, name: ContractName) -> shapes.ContractDetail:
    """Show the version of a contract that new runs take, with its files."""
    kept = parts_of(request).lines.contracts
    found = kept.get(name)
    return shapes.ContractDetail(**dict(shapes.Contract.of(found)), files=dict(kept.texts(found).by_name()))


@admin.put("/contracts/{name}")
def put(request: Request, name: ContractName, body: shapes.ContractRequest) -> shapes.Contract:
    """Add a contract, or a new version of one; runs that have begun keep the version that they have."""
    files = ContractFiles.of(_text(body.schema_training), _text(body.schema_prediction), body.policy)
    added = parts_of(request).lines.contracts.add(name, files, caller_of(request).name)
    audit(request, "contract.put", contract=name, digest=added.digest)
    return shapes.Contract.of(added)


@admin.delete("/contracts/{name}", status_code=204, responses=_NONE)
def remove(request: Request, name: ContractName) -> Response:
    """Take a contract from the list; its versions and its model stay for the runs that have them."""
    lines = parts_of(request).lines
    if name == lines.default:
        raise RequestInvalid(f"{name!r} is the default of this service (WAFER_CONTRACT). Choose another default first.")
    lines.contracts.remove(name)
    audit(request, "contract.remove", contract=name)
    return Response(status_code=204)


def _text(schema: Mapping[str, object] | None) -> str:
    return json.dumps(schema, indent=2) + "\n" if schema is not None else ""
