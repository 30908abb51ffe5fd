"""The data contract: the field's schema, read unchanged, and the policy beside it for what the schema does not say."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wafer.contract.file_name import FileName
from wafer.contract.policy import Policy
from wafer.errors import ContractInvalid, WaferError
from wafer.store import open_store

Kind = Literal["training", "prediction"]
KINDS: tuple[Kind, ...] = ("training", "prediction")


class Schema(BaseModel):
    """The field's schema file, key for key."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    SampleFileName: str
    LengthOfDateStampInFile: int = Field(ge=1, le=20)
    LengthOfTimeStampInFile: int = Field(ge=1, le=20)
    NumberofColumns: int = Field(ge=2)
    ColName: Annotated[dict[str, str], Field(min_length=2)]

    @property
    def types(self) -> dict[str, str]:
        """Column name to type, in small letters and without the blanks the field writes around it."""
        return {name: kind.strip().lower() for name, kind in self.ColName.items()}

    @property
    def file_name(self) -> FileName | None:
        """The form of file names, None when the sample does not hold the stamps it should."""
        return FileName.like(self.SampleFileName, self.LengthOfDateStampInFile, self.LengthOfTimeStampInFile)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a batch file of one kind must look like.

    `sensors` and `label` are spelled as in the schema; `label` is None for files to predict. `digest` is the sha256
    over the canonical form of schema and policy.
    """

    kind: Kind
    id_column: str
    sensors: tuple[str, ...]
    label: str | None
    file_name: FileName
    policy: Policy
    digest: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in schema order."""
        return (self.id_column, *self.sensors, *([self.label] if self.label else []))

    @property
    def silent_sensors_allowed(self) -> int:
        """How many sensors may be without any value in one file."""
        return int(self.policy.silent_sensors * len(self.sensors) + 1e-9)

    def spellings(self) -> dict[str, str]:
        """Every accepted spelling of a column, without blanks, and the schema's name it stands for."""
        claims = {without_blanks(name): name for name in self.columns}
        claims |= {without_blanks(spelling): self.id_column for spelling in self.policy.columns.id}
        if self.label:
            claims |= {without_blanks(spelling): self.label for spelling in self.policy.columns.label}
        return claims


def load_contract(kind: str, schema: str | Path = "", policy: str | Path = "") -> Contract:
    """Read schema and policy; each is a path, an `s3://` URI, the JSON text itself, or "" for the one shipped here.

    Raises ContractInvalid naming everything that is wrong.
    """
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise ContractInvalid(f"{kind!r} is no kind of batch; choose training or prediction.")
    problems: list[str] = []
    read_schema = _read_schema(_text(schema, f"schema_{kind}.json", problems), problems)
    read_policy = _read_policy(_text(policy, "contract.yaml", problems), problems)
    file_name = read_schema.file_name if read_schema else None
    problems += _schema_problems(known, read_schema) if read_schema else []
    problems += _clashes(known, read_schema, read_policy) if read_schema and read_policy else []
    if problems or not (read_schema and read_policy and file_name):
        raise ContractInvalid("The data contract cannot be used: " + "; ".join(problems) + ".")
    return _contract(known, read_schema, read_policy, file_name)


def without_blanks(name: str) -> str:
    """A column name with all white space taken out: the field writes both `Sensor - 1` and `Sensor-1`."""
    return "".join(name.split())


def _contract(kind: Kind, schema: Schema, policy: Policy, file_name: FileName) -> Contract:
    names = list(schema.types)
    label = _label(kind, schema)
    sensors = tuple(name for name in names[1:] if name != label)
    form = [file_name.pattern.pattern, list(schema.types.items()), policy.model_dump(mode="json")]
    return Contract(
        kind=kind,
        id_column=names[0],
        sensors=sensors,
        label=label,
        file_name=file_name,
        policy=policy,
        digest=_digest(form),
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


def _schema_problems(kind: Kind, schema: Schema) -> list[str]:
    """Where the well-formed parts of a schema contradict each other."""
    types = schema.types
    problems = []
    if schema.file_name is None:
        problems.append(
            f"SampleFileName {schema.SampleFileName!r} does not hold a date of {schema.LengthOfDateStampInFile} "
            f"and a time of {schema.LengthOfTimeStampInFile} digits"
        )
    if len(types) != schema.NumberofColumns:
        problems.append(f"NumberofColumns says {schema.NumberofColumns} but ColName lists {len(types)}")
    if next(iter(types.values())) != "varchar":
        problems.append("the first column of ColName must be the wafer id, of type varchar")
    label = _label(kind, schema)
    if kind == "training" and label is None:
        problems.append("a training schema ends with the label, a column of type Integer; it has none")
    problems += [
        f"column {name!r} has type {found!r} where a sensor is a float"
        for name, found in list(types.items())[1:]
        if name != label and found != "float"
    ]
    return problems


def _clashes(kind: Kind, schema: Schema, policy: Policy) -> list[str]:
    """Spellings that two columns would claim."""
    names, label = list(schema.types), _label(kind, schema)
    owners: dict[str, str] = {}
    problems = []
    claims = [(name, name) for name in names] + [(spelling, names[0]) for spelling in policy.columns.id]
    claims += [(spelling, label) for spelling in policy.columns.label if label]
    for spelling, owner in claims:
        first = owners.setdefault(without_blanks(spelling), owner)
        if first != owner:
            problems.append(f"the spelling {spelling!r} stands for both {first!r} and {owner!r}")
    return problems


def _label(kind: Kind, schema: Schema) -> str | None:
    if kind == "prediction":
        return None
    integers = [name for name, found in schema.types.items() if found == "integer"]
    return integers[-1] if integers else None
