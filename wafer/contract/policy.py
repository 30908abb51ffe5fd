"""What the field's schema does not say about a batch file: spellings, labels, tolerances, bounds and limits."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Outcome = Literal["pass", "fail"]
FLOAT32_MAX = 3.4028234663852886e38
_STRICT = ConfigDict(frozen=True, extra="forbid")


class Columns(BaseModel):
    """Spellings a file may use beside the schema's own; blanks inside a name never matter, capitals do."""

    model_config = _STRICT
    id: tuple[str, ...] = ("", "Unnamed: 0")
    label: tuple[str, ...] = ("Good/Bad",)


class Readings(BaseModel):
    """What a reading may be: its bounds, and the texts beside the empty field that mean a missing one."""

    model_config = _STRICT
    lowest: float = Field(-FLOAT32_MAX, ge=-FLOAT32_MAX, le=FLOAT32_MAX)
    highest: float = Field(FLOAT32_MAX, ge=-FLOAT32_MAX, le=FLOAT32_MAX)
    missing: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> "Readings":
        if self.lowest >= self.highest:
            raise ValueError("lowest must be below highest")
        return self


class Limits(BaseModel):
    """How large a file and a row may be, in bytes."""

    model_config = _STRICT
    file_bytes: int = Field(2**30, ge=1)
    row_bytes: int = Field(2**20, ge=1)


class Policy(BaseModel):
    """What the schema does not say; a key left out keeps its default."""

    model_config = _STRICT
    columns: Columns = Columns()
    labels: Annotated[dict[int, Outcome], Field(min_length=2)] = {-1: "pass", 1: "fail"}
    silent_sensors: float = Field(0.25, ge=0, le=1)
    wafer_id: str = "[A-Za-z0-9_.:/-]{1,64}"
    readings: Readings = Readings()
    limits: Limits = Limits()

    @field_validator("labels")
    @classmethod
    def _both_outcomes(cls, labels: dict[int, Outcome]) -> dict[int, Outcome]:
        if set(labels.values()) != {"pass", "fail"}:
            raise ValueError("must name both a value that means pass and one that means fail")
        return labels

    @field_validator("wafer_id")
    @classmethod
    def _pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as exc:
            raise ValueError(f"is not a regular expression ({exc})") from exc
        return pattern
