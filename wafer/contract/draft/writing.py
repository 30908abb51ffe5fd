"""A draft as the files of a contract: two schemas (JSON) and a policy (YAML)."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path

import yaml

from wafer.contract.columns import loosely
from wafer.contract.draft.draft import Draft
from wafer.contract.draft.names import NameForm
from wafer.contract.draft.roles import Roles
from wafer.contract.loading import POLICY, SCHEMAS
from wafer.contract.policy import Policy
from wafer.contract.schema import Schema
from wafer.contract.wafer_ids import pattern_with
from wafer.files import complete_file
from wafer.wafers.names import without_blanks
from wafer.wafers.table import ORIGIN

TRAINING, PREDICTION = SCHEMAS["training"], SCHEMAS["prediction"]
_IDS, _OUTCOME = ("Wafer", "Wafer id", "Id of the wafer"), "Output"
_DEFAULT_LABELS = {"-1": "pass", "1": "fail"}


def drafted_schema(roles: Roles, names: NameForm, example: str, *, labelled: bool) -> Schema:
    """The columns of the files, by the names that they have there."""
    columns = {_id_name(roles): "varchar"} | dict.fromkeys(sensor_names(roles), "float")
    if labelled:
        columns[_outcome_name(roles)] = "varchar" if _has_words(roles) else "Integer"
    form = names.names
    return Schema(
        SampleFileName=example,
        LengthOfDateStampInFile=len(form.date),
        LengthOfTimeStampInFile=len(form.time),
        NumberofColumns=len(columns),
        ColName=columns,
    )


def sensor_names(roles: Roles) -> list[str]:
    """The names of the sensors; without a header they are numbered."""
    if not roles.text.header:
        return [f"Sensor - {number}" for number in range(1, len(roles.sensors) + 1)]
    return [sensor.name for sensor in roles.sensors]


def drafted_policy(roles: Roles, names: NameForm) -> Policy:
    """What the schema does not say."""
    content: dict[str, object] = {
        "columns": _columns(roles),
        "text": roles.text.model_dump(),
        "readings": {"missing": roles.missing},
        "file_name": names.names.model_dump(),
        "wafer_id_from": roles.id.template,
    }
    if roles.outcomes_table:
        content["outcomes_table"] = roles.outcomes_table.model_dump()
    if roles.outcome and roles.outcome.labels != _DEFAULT_LABELS:
        content["labels"] = dict(roles.outcome.labels)
    if roles.id.column and (pattern := pattern_with(roles.id.column.texts)):
        content["wafer_id"] = pattern
    if roles.silent > Policy().silent_sensors * len(roles.sensors):
        content["silent_sensors"] = ceil(100 * roles.silent / len(roles.sensors)) / 100
    return Policy.model_validate(content)


def write_draft(draft: Draft, folder: Path) -> dict[str, Path]:
    """Write the three files; says where each lies."""
    policy = draft.policy.model_dump(exclude_defaults=True)
    head = "# Drafted by `wafer contract draft`. Keys left out keep their defaults; docs/contract.md shows them all.\n"
    notes = "".join(f"# ? {_printable(doubt)}\n" for doubt in draft.unsure)
    body = yaml.safe_dump(policy, sort_keys=False, allow_unicode=True) if policy else "{}\n"
    contents = {
        TRAINING: draft.training.model_dump_json(indent=2) + "\n",
        PREDICTION: draft.prediction.model_dump_json(indent=2) + "\n",
        POLICY: head + notes + body,
    }
    for name, content in contents.items():
        with complete_file(folder / name, durable=False) as part:
            part.write_text(content, encoding="utf-8")
    return {name: folder / name for name in contents}


def _printable(text: str) -> str:
    """A text as a comment can hold it."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _columns(roles: Roles) -> Mapping[str, object]:
    ignored = [roles.id.index.name] if roles.id.index else []
    ends = roles.nameless and all(column.is_empty for column in roles.nameless)
    ignored += roles.twice
    ignored += [""] if roles.nameless and not ends and "" not in ignored else []
    outcomes_table = [column.name for column in roles.context if column.name]
    kept = [name for name in outcomes_table if name not in ORIGIN]
    ignored += set(outcomes_table) - set(kept)
    if roles.outcome and roles.text.header and not roles.outcomes_table:
        ignored += [roles.outcome.column.name]  # so that labelled files can be predicted too
    content: dict[str, object] = {"ignored": ignored, "context": kept}
    if ends or roles.ends_empty:
        content["trailing_empty"] = "drop"
    if roles.loose:
        content["spelling"] = "loose"
    return content


def _id_name(roles: Roles) -> str:
    column = roles.id.column
    if column and without_blanks(column.name) and roles.text.header:
        return column.name
    taken = {loosely(name) for name in [*sensor_names(roles), *(each.name for each in roles.context)]}
    return next(name for name in _IDS if loosely(name) not in taken)


def _outcome_name(roles: Roles) -> str:
    return (roles.outcome.column.name if roles.outcome and roles.text.header else "") or _OUTCOME


def _has_words(roles: Roles) -> bool:
    outcome = roles.outcome
    return outcome is not None and not all(text.lstrip("+-").isdecimal() for text in outcome.labels)
