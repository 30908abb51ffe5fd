"""Batch sets and uploads."""

from pydantic import BaseModel, Field

from wafer.runs import Pipeline
from wafer.store import layout


class BatchSet(BaseModel):
    """Batches that a run can be started over: `source` is what the request names."""

    source: str = Field(examples=[layout.batch_set("predict", "lot-7")])
    pipeline: Pipeline
    files: int
    bytes: int


class BatchSets(BaseModel):
    """The batch sets of a pipeline by name, and the other places that may be named."""

    sources: list[BatchSet]
    configured: list[str]


class Uploaded(BaseModel):
    """A file that was taken."""

    source: str = Field(examples=[layout.batch_set("predict", "lot-7")])
    name: str = Field(examples=["wafer_31012020_090817.csv"])
    bytes: int
    sha256: str
