"""The data contract: the field's schema, read unchanged, and the policy beside it for what the schema does not say."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wafer.contract.file_name import DATE_FORMATS, TIME_FORMATS, FileName, date_form, digits_form, time_form
from wafer.contract.policy import FileNames, Policy
from wafer.errors import ContractInvalid, WaferError
from wafer.store import open_store

Kind = Literal["training", "prediction", "outcomes"]
KINDS: tuple[Kind, ...] = ("training", "prediction", "outcomes")
_SHIPPED: dict[Kind, str] = {
    "training": "schema_training.json",
    "prediction": "schema_prediction.json",
    "outcomes": "schema_training.json",
}
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


@dataclass(frozen=True, slots=True)
class Contract:
    """What a batch file of one kind must look like.

    `sensors` and `label` are spelled as in the schema; `label` is None for files to predict. `others` are columns of
    text that a file may have and nobody reads. A file of outcomes is one to train on, or has the wafer and its outcome
    alone (`without_readings`). `digest` is the sha256 over the canonical form of schema and policy.
    """

    kind: Kind
    id_column: str
    sensors: tuple[str, ...]
    label: str | None
    file_name: FileName
    policy: Policy
    digest: str
    others: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in schema order."""
        return (self.id_column, *self.sensors, *([self.label] if self.label else []))

    @property
    def silent_sensors_allowed(self) -> int:
        """How many sensors may be without any value in one file."""
        return int(self.policy.silent_sensors * len(self.sensors) + 1e-9)

    @property
    def without_readings(self) -> "Contract":
        """The same for files that say nothing but what each wafer turned out to be."""
        return replace(self, sensors=())

    def spellings(self) -> dict[str, str]:
        """The key of every accepted spelling of a column, and the schema's name it stands for."""
        columns = self.policy.columns
        claims = columns.claims(self.id_column, self.sensors, self.label)
        return {columns.key(spelling): name for spelling, name in claims}

    def ignores(self, name: str) -> bool:
        """Whether a column that is no part of the contract may stand in a file."""
        columns = self.policy.columns
        return columns.ignores(name) or columns.key(name) in {columns.key(other) for other in self.others}


def load_contract(kind: str, schema: str | Path = "", policy: str | Path = "") -> Contract:
    """Read schema and policy; each is a path, an `s3://` URI, the JSON text itself, or "" for the one shipped here.

    Raises ContractInvalid naming everything that is wrong.
    """
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise ContractInvalid(f"{kind!r} is no kind of batch; choose training, prediction or outcomes.")
    problems: list[str] = []
    read_schema = _read_schema(_text(schema, _SHIPPED[known], problems), problems)
    read_policy = _read_policy(_text(policy, "contract.yaml", problems), problems)
    file_name = read_schema.file_name((read_policy or Policy()).file_name) if read_schema else None
    problems += _schema_problems(known, read_schema, read_policy or Policy()) if read_schema else []
    problems += _clashes(known, read_schema, read_policy) if read_schema and read_policy else []
    if problems or not (read_schema and read_policy and file_name):
        raise ContractInvalid("The data contract cannot be used: " + "; ".join(problems) + ".")
    return _contract(known, read_schema, read_policy, file_name)


def _contract(kind: Kind, schema: Schema, policy: Policy, file_name: FileName) -> Contract:
    names = list(schema.types)
    label = schema.label(kind, policy)
    form = [file_name.pattern.pattern, list(schema.types.items()), policy.for_digest()]
    return Contract(
        kind=kind,
        id_column=names[0],
        sensors=schema.sensors(label),
        label=label,
        file_name=file_name,
        policy=policy,
        digest=_digest(form),
        others=schema.others(label),
    )


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _text(given: str | Path, default: str, problems: list[str]) -> str:
    """The text behind what was given; what cannot be read becomes a problem and reads as empty."""
    where = str(given)
    if not where:
        return (files("wafer.contract") / default).read_text(encoding="utf-8")
    if where.lstrip().startswith("{"):
        return where
    try:
        return _stored(where) if "://" in where else Path(where).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, WaferError) as exc:
        problems.append(f"{where} cannot be read ({getattr(exc, 'strerror', None) or exc})")
        return ""


def _stored(uri: str) -> str:
    folder, _, key = uri.rpartition("/")
    return open_store(folder).get(key).decode("utf-8-sig")


def _read_schema(text: str, problems: list[str]) -> Schema | None:
    if not text:
        return None
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.extend(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=unique)
        problems += [f"the schema names {name!r} twice" for name in twice]
        return Schema.model_validate(content)
    except json.JSONDecodeError as exc:
        problems.append(f"the schema is not JSON (line {exc.lineno}: {exc.msg})")
    except ValidationError as exc:
        problems += _sentences("schema", exc)
    except (ValueError, RecursionError) as exc:  # a number or a nesting beyond any sense
        problems.append(f"the schema cannot be read ({exc})")
    return None


def _read_policy(text: str, problems: list[str]) -> Policy | None:
    try:
        return Policy.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as exc:
        problems.append(f"the policy is not YAML ({' '.join(str(exc).split())})")
    except ValidationError as exc:
        problems += _sentences("policy", exc)
    except (ValueError, RecursionError) as exc:
        problems.append(f"the policy cannot be read ({exc})")
    return None


def _sentences(part: str, error: ValidationError) -> list[str]:
    return [f"{part} {'.'.join(map(str, each['loc'])) or 'as a whole'}: {each['msg']}" for each in error.errors()]


def _schema_problems(kind: Kind, schema: Schema, policy: Policy) -> list[str]:
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
    return (
        f"SampleFileName {schema.SampleFileName!r} does not hold a date of {schema.LengthOfDateStampInFile} "
        f'and a time of {schema.LengthOfTimeStampInFile} digits (`file_name: {{form: "*.csv"}}` in the policy takes '
        "any name)"
    )


def _clashes(kind: Kind, schema: Schema, policy: Policy) -> list[str]:
    """Spellings that two columns would claim, and names in the policy that no column has."""
    columns, label = policy.columns, schema.label(kind, policy)
    id_column, sensors = next(iter(schema.types)), schema.sensors(label)
    owners: dict[str, str] = {}
    problems = []
    for spelling, owner in columns.claims(id_column, sensors, label):
        first = owners.setdefault(columns.key(spelling), owner)
        if first != owner:
            problems.append(f"the spelling {spelling!r} stands for both {first!r} and {owner!r}")
    problems += [
        f"wafer_id_from names {field!r}, which is no id but a reading or the outcome"
        for field in policy.id_template.columns
        if owners.get(columns.key(field), id_column) != id_column
    ]
    if kind == "training":
        problems += [
            f"columns.aliases names {name!r}, which the schema does not have"
            for name in columns.unknown_aliases(schema.types)
        ]
    return problems
