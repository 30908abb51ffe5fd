"""What was removed, and by whom."""

from pydantic import BaseModel, Field

from wafer.store import layout


class Removal(BaseModel):
    """A run or a batch set that was removed; `at` is ISO 8601 in UTC."""

    what: str = Field(examples=[layout.batch_set("predict", "lot-7")])
    by: str = Field(description="Name of the key; `retention` where age decided.")
    at: str
    objects: int
    bytes: int


class Removals(BaseModel):
    """Removals, newest first."""

    removals: list[Removal]
