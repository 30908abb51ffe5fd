"""Batch sets and uploads."""

from pydantic import BaseModel, Field

from wafer.runs import Pipeline
from wafer.store import layout


class BatchSet(BaseModel):
    """Batches that a run can use; `source` is their name in requests."""

    source: str = Field(examples=[layout.batch_set("predict", "lot-7")])
    pipeline: Pipeline
    files: int
    bytes: int
    contract: str = Field(
        "", description="What it was uploaded under; empty: whatever a run names.", examples=["line-b"]
    )


class BatchSets(BaseModel):
    """The batch sets of a pipeline by name, and the other configured sources."""

    sources: list[BatchSet]
    configured: list[str]


class Uploaded(BaseModel):
    """An uploaded file."""

    source: str = Field(examples=[layout.batch_set("predict", "lot-7")])
    name: str = Field(examples=["wafer_31012020_090817.csv"])
    bytes: int
    sha256: str
