"""What the field's schema does not say about a batch file: spellings, labels, form, tolerances, bounds and limits."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wafer.contract.columns import Columns
from wafer.contract.file_name import date_form, time_form
from wafer.contract.text import Delimiter, Text
from wafer.contract.wafer_ids import IdTemplate, id_template

Outcome = Literal["pass", "fail"]
FLOAT32_MAX = 3.4028234663852886e38
_STRICT = ConfigDict(frozen=True, extra="forbid")
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_CODES: Mapping[int, Outcome] = {0: "pass", 1: "fail"}


class FileNames(BaseModel):
    """The form of file names where the schema's sample does not say it: `{date}`, `{time}` and `*` for any text."""

    model_config = _STRICT
    form: str = ""
    date: str = ""
    time: str = ""

    @field_validator("date")
    @classmethod
    def _date(cls, text: str) -> str:
        return text if not text or date_form(text) else _no_stamp("YYYYMMDD, DD-MM-YY, YYYYWww or seconds")

    @field_validator("time")
    @classmethod
    def _time(cls, text: str) -> str:
        return text if not text or time_form(text) else _no_stamp("HHMMSS or HH-MM")


class Readings(BaseModel):
    """What a reading may be: its bounds, and the texts besides the empty field that mean a missing one."""

    model_config = _STRICT
    lowest: float = Field(-FLOAT32_MAX, ge=-FLOAT32_MAX, le=FLOAT32_MAX)
    highest: float = Field(FLOAT32_MAX, ge=-FLOAT32_MAX, le=FLOAT32_MAX)
    missing: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> "Readings":
        if self.lowest >= self.highest:
            raise ValueError("lowest must be below highest")
        return self


class OutcomesTable(BaseModel):
    """Outcomes in a table of their own next to each file of readings; none where `file` is empty.

    `file` names it: `{file}` is the name of the readings without its ending. `column` counts from 1 and says where the
    outcome stands in a table without header. `delimiter` is that of the readings where it is empty.
    """

    model_config = _STRICT
    file: str = ""
    by: Literal["order", "id"] = "order"
    column: int = Field(1, ge=1)
    delimiter: Delimiter | Literal[""] = ""

    def form(self, readings: Text) -> Text:
        """How the table is written next to readings of this form."""
        return readings.model_copy(update={"delimiter": self.delimiter or readings.delimiter})

    def name_for(self, readings: str) -> str:
        """The name of the table next to readings of this name, both as they are without and with their endings."""
        return self.file.replace("{file}", readings)


class Limits(BaseModel):
    """How large a file and a row may be, in bytes."""

    model_config = _STRICT
    file_bytes: int = Field(2**30, ge=1)
    row_bytes: int = Field(2**20, ge=1)


class Policy(BaseModel):
    """What the schema does not say; a key left out keeps its default."""

    model_config = _STRICT
    columns: Columns = Columns()
    labels: Annotated[dict[int | str, Outcome], Field(min_length=2)] = {-1: "pass", 1: "fail"}
    silent_sensors: float = Field(0.25, ge=0, le=1)
    wafer_id: str = "[A-Za-z0-9_.:/-]{1,64}"
    readings: Readings = Readings()
    limits: Limits = Limits()
    text: Text = Text()
    outcomes_table: OutcomesTable = OutcomesTable()
    file_name: FileNames = FileNames()
    wafer_id_from: str = "{id}"
    second_measurement: Literal["refuse", "keep_later"] = "refuse"

    @field_validator("labels", mode="before")
    @classmethod
    def _whole_numbers(cls, labels: object) -> object:
        if not isinstance(labels, dict):
            return labels
        if any(isinstance(key, bool) for key in labels):
            raise ValueError("yes, no, on, off, true and false are no texts in YAML: write them in quotes")
        return {_label(key): meaning for key, meaning in labels.items()}

    @field_validator("labels")
    @classmethod
    def _both_outcomes(cls, labels: dict[int | str, Outcome]) -> dict[int | str, Outcome]:
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

    @field_validator("wafer_id_from")
    @classmethod
    def _fields(cls, text: str) -> str:
        id_template(text)
        return text

    @model_validator(mode="after")
    def _joined(self) -> "Policy":
        if self.outcomes_table.by == "id" and not self.text.header:
            raise ValueError("outcomes_table.by: id needs tables with a header; without one, join by order")
        return self

    @property
    def id_template(self) -> IdTemplate:
        """Where a wafer's id comes from."""
        return id_template(self.wafer_id_from)

    @property
    def label_words(self) -> bool:
        """Whether an outcome can be a word."""
        return any(isinstance(label, str) for label in self.labels)

    @property
    def label_codes(self) -> Mapping[int, Outcome]:
        """What the numbers mean that accepted files hold: those of the label column; with words, 0 and 1."""
        if self.label_words:
            return _CODES
        return {label: outcome for label, outcome in self.labels.items() if isinstance(label, int)}

    def label_code(self, label: int | str) -> int:
        """The number that an accepted file holds for a value of the label column."""
        return int(self.labels[label] == "fail") if self.label_words else int(label)

    def for_digest(self) -> dict[str, object]:
        """The policy as JSON, without newer keys that are left at their default.

        So the digest of a contract that does not use them stays what it was.
        """
        whole, changed = self.model_dump(mode="json"), self.model_dump(mode="json", exclude_defaults=True)
        columns = {key: whole["columns"][key] for key in ("id", "label")} | changed.get("columns", {})
        return changed | {key: whole[key] for key in _FIRST_KEYS} | {"columns": columns}


_FIRST_KEYS = ("labels", "silent_sensors", "wafer_id", "readings", "limits")


def _label(key: object) -> object:
    if isinstance(key, str):
        return int(key) if _WHOLE.fullmatch(key) else key.strip()
    return int(key) if isinstance(key, float) and key.is_integer() else key


def _no_stamp(example: str) -> str:
    raise ValueError(f"must be written like {example}")
