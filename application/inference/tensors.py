"""Requests and answers of the open inference protocol: a table of wafers as one tensor a column."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from application.api.shapes.scores import MOST_WAFERS, Reading, ScoredWafer, ScoreRequest, Scores, WaferReadings
from application.errors import RequestInvalid

Datatype = Literal[
    "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP32", "FP64", "BYTES"
]
WAFER = "Wafer"
ANSWER: dict[str, Datatype] = {  # fields of an answer, a tensor each
    "wafer": "BYTES",
    "verdict": "BYTES",
    "probability": "FP64",
    "cluster": "INT64",
    "distance_percentile": "FP64",
}


class Tensor(BaseModel):
    """A column: one value a wafer, null where a sensor was silent. `shape` is [wafers] or [wafers, 1]."""

    name: Annotated[str, Field(max_length=200)]
    shape: list[int]
    datatype: Datatype
    data: list[Reading] = Field(max_length=MOST_WAFERS)


class InferRequest(BaseModel):
    """Wafers to judge: the readings of each sensor, and the wafers' ids in the column `Wafer`."""

    id: str | None = None
    inputs: list[Tensor] = Field(min_length=1, max_length=20_000)

    def to_scores(self) -> ScoreRequest:
        """The same, wafer by wafer. Raises `RequestInvalid`."""
        columns = {each.name: each.data for each in self.inputs}
        count = len(self.inputs[0].data)
        for each in self.inputs:
            if len(each.data) != count or each.shape not in ([count], [count, 1]):
                raise RequestInvalid(f"The column {each.name!r} must have the shape [{count}], as the first one has.")
        if len(columns) < len(self.inputs) or not count:
            raise RequestInvalid("Give at least one wafer, and each column once.")
        names = columns.pop(WAFER, [str(number) for number in range(count)])
        try:
            return ScoreRequest(
                wafers=[
                    WaferReadings(wafer=str(name), readings={column: data[row] for column, data in columns.items()})
                    for row, name in enumerate(names)
                ]
            )
        except ValidationError as exc:  # a name that is too long: FastAPI would take it for our own mistake
            raise RequestInvalid(f"The wafers cannot be read: {exc.errors()[0]['msg']}.") from exc


class InferResponse(BaseModel):
    """The answers, a tensor a field, in the order of the request."""

    model_name: str
    model_version: str
    id: str | None
    outputs: list[Tensor]


def answered(found: Scores, model: str, request: InferRequest) -> InferResponse:
    """The answers in the protocol's form. Raises `RequestInvalid` when a wafer could not be judged."""
    if found.refused:
        first = found.refused[0]
        raise RequestInvalid(f"Wafer {first.place} ({first.wafer!r}) cannot be judged: {first.message}")
    outputs = [
        Tensor(name=name, shape=[len(found.wafers)], datatype=kind, data=_column(found.wafers, name))
        for name, kind in ANSWER.items()
    ]
    return InferResponse(model_name=model, model_version=str(found.model_version), id=request.id, outputs=outputs)


def _column(wafers: list[ScoredWafer], name: str) -> list[Reading]:
    return [getattr(each, name) for each in wafers]
