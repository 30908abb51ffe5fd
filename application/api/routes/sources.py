"""Batch sets in the store, and uploads into them."""

from typing import Annotated

from fastapi import Header, Path, Query, Request, Response

from application.access.gate import audit
from application.api.openapi import problems
from application.api.routes.common import parts_of, router_for
from application.api.shapes import batches
from wafer.runs import Pipeline

viewer = router_for("viewer", "batches")
operator = router_for("operator", "batches")
ROUTERS = (viewer, operator)
SetName = Annotated[str, Path(max_length=64, description="Name of a new or existing batch set.", examples=["lot-7"])]
FileName = Annotated[str, Path(max_length=200, examples=["wafer_31012020_090817.csv"])]
_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}
_RESPONSES = problems(
    s404="There is no such contract.",
    s409="A different file with this name exists, or the batch set is of another contract.",
    s413="The file or the batch set is too large.",
    s415="The file is a picture, a document or an archive, or a workbook that the contract does not read.",
)


@viewer.get("/sources")
def sources(request: Request, pipeline: Pipeline) -> batches.BatchSets:
    """List the batch sets that a run can use: those uploaded for this pipeline first, then the others."""
    parts = parts_of(request)
    found = [
        batches.BatchSet(
            source=each.source,
            pipeline=each.pipeline,
            files=each.files,
            bytes=each.bytes,
            contract=parts.sets.of(each.source),
        )
        for each in parts.sources.sets(pipeline)
    ]
    return batches.BatchSets(sources=found, configured=list(parts.settings.allowed_sources))


@operator.put(
    "/uploads/{pipeline}/{batch_set}/{name}",
    status_code=201,
    openapi_extra=_BODY,
    responses={200: {"model": batches.Uploaded, "description": "The same file was already stored."}, **_RESPONSES},
)
async def upload(
    request: Request,
    response: Response,
    pipeline: Pipeline,
    batch_set: SetName,
    name: FileName,
    contract: Annotated[
        str, Query(max_length=40, description="Contract of the batch set, which runs over it take without saying so.")
    ] = "",
    content_length: Annotated[int | None, Header(include_in_schema=False)] = None,
) -> batches.Uploaded:
    """Upload one batch file into a batch set; a run checks it against the data contract when it reads it."""
    parts = parts_of(request)
    taken = await parts.uploads.take(pipeline, batch_set, name, request.stream(), content_length, contract)
    response.status_code = 201 if taken.new else 200
    parts.metrics.uploaded(pipeline, taken.bytes if taken.new else 0)
    audit(request, "upload", source=taken.source, file=taken.name, bytes=taken.bytes, sha256=taken.sha256)
    return batches.Uploaded(source=taken.source, name=taken.name, bytes=taken.bytes, sha256=taken.sha256)
