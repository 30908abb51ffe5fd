"""The field's schema file, read unchanged: what its columns are, and where its parts contradict each other."""

from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from wafer.contract.file_name import DATE_FORMATS, TIME_FORMATS, FileName, date_form, digits_form, time_form
from wafer.contract.policy import FileNames, Policy

Kind = Literal["training", "prediction", "outcomes"]
KINDS: tuple[Kind, ...] = ("training", "prediction", "outcomes")
_WHOLE = frozenset({"integer", "int", "bigint", "smallint", "tinyint"})
_READINGS = _WHOLE | {"float", "double", "double precision", "real", "numeric", "decimal", "number"}
_WORDS = frozenset({"varchar", "char", "string"})
_TEXTS = _WORDS | {"date", "time", "datetime", "timestamp"}
_IDS = _WHOLE | _WORDS


class Schema(BaseModel):
    """The field's schema file, key for key."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    SampleFileName: str
    LengthOfDateStampInFile: int = Field(ge=0, le=20)
    LengthOfTimeStampInFile: int = Field(ge=0, le=20)
    NumberofColumns: int = Field(ge=2)
    ColName: Annotated[dict[str, str], Field(min_length=2)]

    @property
    def types(self) -> dict[str, str]:
        """Column name to type, in small letters and without the blanks the field writes around it."""
        return {name: kind.strip().lower() for name, kind in self.ColName.items()}

    def file_name(self, names: FileNames) -> FileName | None:
        """The form of file names, None when the sample does not hold the stamps it should."""
        date, time = self.LengthOfDateStampInFile, self.LengthOfTimeStampInFile
        dates = date_form(names.date) or digits_form(date, DATE_FORMATS)
        times = time_form(names.time) or digits_form(time, TIME_FORMATS)
        if names.form:
            return FileName.of_form(names.form, dates, times, self.SampleFileName)
        found = FileName.like(self.SampleFileName, date, time) if date and time else None
        return replace(found, date_format=dates.format, time_format=times.format) if found else None

    def label(self, kind: Kind, policy: Policy) -> str | None:
        """The column with the outcome: the one that the policy names, else the last one, else the last whole number.

        Readings can be whole numbers too, and outcomes can be words.
        """
        columns, fitting = policy.columns, _WHOLE | (_WORDS if policy.label_words else set())
        if kind == "prediction":
            return None
        types = list(self.types.items())[1:]
        spellings = {columns.key(name) for name in columns.label}
        able = [(name, found) for name, found in types if found in fitting]
        called = [name for name, _ in able if columns.key(name) in spellings]
        last = [name for name, _ in types[-1:] if able and name == able[-1][0]]
        whole = [name for name, found in able if found in _WHOLE]
        return next(iter([*called, *last, *whole[-1:]]), None)

    def sensors(self, label: str | None) -> tuple[str, ...]:
        """The columns with readings."""
        return tuple(name for name, found in list(self.types.items())[1:] if name != label and found in _READINGS)

    def others(self, label: str | None) -> tuple[str, ...]:
        """Columns that are known and never read: lot, carrier, time."""
        return tuple(name for name, found in list(self.types.items())[1:] if name != label and found in _TEXTS)


def schema_problems(kind: Kind, schema: Schema, policy: Policy) -> list[str]:
    """Where the well-formed parts of a schema contradict each other."""
    types = schema.types
    problems = []
    if schema.file_name(policy.file_name) is None:
        problems.append(_no_name(schema, policy))
    if len(types) != schema.NumberofColumns:
        problems.append(f"NumberofColumns says {schema.NumberofColumns} but ColName lists {len(types)}")
    if next(iter(types.values())) not in _IDS:
        problems.append("the first column of ColName must be the wafer id, of type varchar")
    label = schema.label(kind, policy)
    if kind != "prediction" and label is None:
        problems.append("a training schema ends with the label, a column of type Integer; it has none")
    problems += [
        f"column {name!r} has type {found!r} where a sensor is a float"
        for name, found in list(types.items())[1:]
        if name != label and found not in _READINGS | _TEXTS
    ]
    if not schema.sensors(label):
        problems.append("ColName has no sensor, a column of type float")
    return problems


def _no_name(schema: Schema, policy: Policy) -> str:
    if form := policy.file_name.form:
        return (
            f"file_name.form {form!r} is no form of a name; write for example 'wafer_{{date}}_{{time}}.csv' or '*.csv'"
        )
    any_name = f"*{PurePath(schema.SampleFileName).suffix}"
    return (
        f"SampleFileName {schema.SampleFileName!r} does not hold a date of {schema.LengthOfDateStampInFile} "
        f'and a time of {schema.LengthOfTimeStampInFile} digits (`file_name: {{form: "{any_name}"}}` in the policy '
        "takes any name with this ending)"
    )
