"""Reads a data contract: schema and policy from files, a store or their own text, with all that is wrong in them."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from wafer.built_in import BUILT_IN
from wafer.contract.contract import Contract
from wafer.contract.file_name import FileName
from wafer.contract.policy import Policy
from wafer.contract.schema import KINDS, Kind, Schema, schema_problems
from wafer.errors import ContractInvalid, WaferError
from wafer.store import layout, open_store

POLICY = "contract.yaml"
SCHEMAS: dict[Kind, str] = {
    "training": "schema_training.json",
    "prediction": "schema_prediction.json",
    "outcomes": "schema_training.json",
}
FILES = (SCHEMAS["training"], SCHEMAS["prediction"], POLICY)


def load_contract(kind: str, schema: str | Path = "", policy: str | Path = "", name: str = BUILT_IN) -> Contract:
    """Read schema and policy; each is a path, an `s3://` URI, the JSON text itself, or "" for the one shipped here.

    Raises ContractInvalid naming everything that is wrong, and for files that are not of the contract of this name.
    """
    require_own(name, str(schema), str(policy))
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise ContractInvalid(f"{kind!r} is no kind of batch; choose training, prediction or outcomes.")
    problems: list[str] = []
    found = _read(known, _text(schema, SCHEMAS[known], problems), _text(policy, POLICY, problems), problems)
    return replace(found, name=name)


def contract_of(kind: Kind, schema: str, policy: str) -> Contract:
    """The contract that the texts of a schema and a policy are. Raises ContractInvalid."""
    return _read(kind, schema, policy, [])


def shipped(name: str) -> str:
    """The text of a file of the built-in contract."""
    return (files("wafer.contract") / name).read_text(encoding="utf-8")


def require_own(name: str, *addresses: str) -> None:
    """Refuse the files of one line under the name of another: its wafers would meet the other one's model."""
    owners = {layout.contract_owner(address) or BUILT_IN for address in addresses}
    if others := owners - {name}:
        raise ContractInvalid(
            f"Schema and policy of the run are of the contract {min(others)!r}, and the run is of {name!r}. Start it "
            f"with `--contract {name}` and no files, or give the addresses that `wafer contract show {name}` prints."
        )


def _read(known: Kind, schema: str, policy: str, problems: list[str]) -> Contract:
    read_schema = _read_schema(schema, problems)
    read_policy = _read_policy(policy, problems)
    file_name = read_schema.file_name((read_policy or Policy()).file_name) if read_schema else None
    problems += schema_problems(known, read_schema, read_policy or Policy()) if read_schema else []
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
        context=() if kind == "outcomes" else policy.columns.context,  # an outcome is matched by its readings
    )


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _text(given: str | Path, default: str, problems: list[str]) -> str:
    """The text behind what was given; what cannot be read becomes a problem and reads as empty."""
    where = str(given)
    if not where:
        return shipped(default)
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
    problems += [
        f"columns.context names {name!r}, which is the id, a reading or the outcome"
        for name in columns.context
        if columns.key(name) in owners
    ]
    if kind == "training":
        problems += [
            f"columns.aliases names {name!r}, which the schema does not have"
            for name in columns.unknown_aliases(schema.types)
        ]
    return problems
