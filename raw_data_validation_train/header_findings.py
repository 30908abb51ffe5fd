"""What is wrong with a header, in sentences that say what to do: export it otherwise, or say it in the policy."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from raw_data_validation_train.cures import quoted
from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.contract import Contract, without_blanks
from wafer.contract.bars import has_bars_around, is_rule
from wafer.contract.columns import loosely
from wafer.contract.text import DELIMITER_NAMES, MARKS, SEPARATORS
from wafer.contract.wafer_ids import ID
from wafer.contract.words import ID_NAMES, LABEL_NAMES

_LISTED = 5
_MOST_DIGITS = 6  # of a place in a pattern
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|NaN|nan")
_COMMA = re.compile(r"[0-9],[0-9]")


@dataclass(frozen=True, slots=True)
class HeaderColumns:
    """The columns of a header and what each is to the contract.

    `roles` has the schema's name for every column, None for an unknown one and for a name's second appearance. `parts`
    says where the columns stand that the wafer id is made of, `passed` are columns that are no part of the contract and
    may be there, `trailing` those of them at the end that must be empty.
    """

    cells: tuple[str, ...]
    roles: tuple[str | None, ...]
    parts: Mapping[str, int | None]
    trailing: tuple[int, ...]
    passed: frozenset[int]

    @property
    def places(self) -> dict[str, int]:
        """Where the schema's columns stand."""
        return {role: at for at, role in enumerate(self.roles) if role is not None}


def in_short(names: Iterable[str], limit: int = 5) -> str:
    """The first few names, and how many more."""
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(f"`{name}`" for name in listed[:limit]) + more


def no_header(line: str, delimiter: str, row: str = "") -> str:
    """The first line is one cell: another delimiter is likely, and the policy can name it."""
    counts = Counter({sign: line.count(sign) for sign in SEPARATORS if sign != delimiter})
    named, _ = DELIMITER_NAMES[delimiter]
    if delimiter == ",":
        message = (
            "The first line is no header with commas between the column names. Export with the comma as separator."
        )
    else:
        message = f"The first line is no header with {named} between the column names, as the policy says."
    if is_rule(line) or has_bars_around([line]):
        return f'{message} Or write `text: {{delimiter: "|", bars_around: true}}` in the policy.'
    sign, times = counts.most_common(1)[0]
    if times == 0 or line.lstrip().startswith("<"):
        return message
    if line.lower().startswith("sep="):
        return f"{message} Or write `text: {{delimiter: {quoted(line[4:5])}, lines_before_header: 1}}` in the policy."
    comma = ', decimal: ","' if sign != "," and _COMMA.search(row) else ""
    written = "whitespace" if sign == " " and "  " in f" {line}" else quoted(sign)
    return f"{message} Or write `text: {{delimiter: {written}{comma}}}` in the policy."


def header_findings(header: HeaderColumns, contract: Contract) -> Iterable[Finding]:
    """What is wrong with the columns."""
    known = set(header.roles)
    optional = set() if ID in header.parts else {contract.id_column}
    missing = [name for name in contract.columns if name not in known | optional]
    strange = [
        cell
        for at, (cell, role) in enumerate(zip(header.cells, header.roles, strict=True))
        if role is None and at not in header.passed
    ]
    lost = [name for name, at in header.parts.items() if at is None and name != ID]
    if missing or strange or lost:
        sentences = _sentences(missing, strange, lost, header, contract)
        yield Finding(FileCode.HEADER, " ".join(sentences))
    read = len(header.cells) - sum(1 for at in header.passed if header.roles[at] is None)
    if read > len(contract.columns):
        yield Finding(
            FileCode.COLUMN_COUNT,
            f"The file has {read} columns, the schema {len(contract.columns)}. Export only the schema's columns.",
        )


def _sentences(
    missing: Sequence[str], strange: Sequence[str], lost: Sequence[str], header: HeaderColumns, contract: Contract
) -> Iterator[str]:
    cells = header.cells
    if _are_readings(cells):
        yield from _header_cure(cells, contract)
        return
    if cells[0] in strange and (mark := next((mark for mark in MARKS if cells[0].lstrip().startswith(mark)), "")):
        yield f"The header begins with {quoted(mark)}: write `text: {{header_mark: {quoted(mark)}}}` in the policy."
        return
    sensors = [name for name in missing if name not in (contract.id_column, contract.label)]
    twice = [name for name, count in Counter(cells).items() if count > 1 and name in strange]
    nameless = sum(not without_blanks(name) for name in strange)
    unknown = [name for name in strange if name not in twice and without_blanks(name)]
    if index := _index(unknown, header, contract):
        unknown.remove(contract.id_column)
        yield index
    other = [name for name in unknown if loosely(name) in ID_NAMES and contract.id_column in missing][:1]
    if contract.id_column in missing:
        cure = _id_cure(contract.id_column, unknown, other)
        yield f"The wafer id column `{contract.id_column}` is missing. {cure}".strip()
    if lost:
        yield f"The wafer id is made of columns that are missing: {in_short(lost)}."
    if contract.label in missing:
        spellings = ", ".join(f"`{name}`" for name in (contract.label, *contract.policy.columns.label))
        yield f"The outcome column is missing ({spellings}): a file without outcomes cannot train a model."
        yield from _label_cure(unknown)
    if sensors:
        yield f"Sensor columns missing: {in_short(sensors)}."
        yield from _sensor_cure(sensors, unknown, contract)
    if nameless:
        yield f"Columns without a name: {nameless}."
    if nameless and not without_blanks(cells[-1]):
        yield "If they are empty, write `columns: {trailing_empty: drop}` in the policy."
    if named_twice := [name for name in twice if without_blanks(name)]:
        yield f"Named more than once: {in_short(named_twice)}."
    if unknown:
        yield f"Unknown columns: {in_short(unknown)}."
    needless = [name for name in unknown if name not in other]
    if needless and not sensors and contract.label not in missing:
        listed = ", ".join(map(quoted, needless)) if len(needless) <= _LISTED else '"*"'
        yield f"`columns: {{ignored: [{listed}]}}` in the policy leaves them out."
    yield "Export the batch again with the schema's column names; their order does not matter."


def _index(unknown: Sequence[str], header: HeaderColumns, contract: Contract) -> str:
    """An index that stands where the id is expected while the id has its own column; empty where there is none."""
    if contract.id_column not in unknown or contract.id_column not in header.roles:
        return ""
    name = header.cells[header.roles.index(contract.id_column)]
    return (
        f"The column {quoted(name)} is taken for the wafer id, but `{contract.id_column}` stands next to it: it is the "
        f"index of a table. Export with `index=False`, or write `columns: {{ignored: [{quoted(name)}]}}` in the policy."
    )


def _id_cure(id_column: str, unknown: Sequence[str], named: Sequence[str]) -> str:
    if loosely(id_column) in map(loosely, unknown):
        return ""  # another spelling cures that
    if named:
        return f"If it is {quoted(named[0])}, write `columns: {{id: [{quoted(named[0])}]}}` in the policy."
    return 'If the wafers have none, write `wafer_id_from: "{file}-{row}"` in the policy.'


def _label_cure(unknown: Sequence[str]) -> Iterator[str]:
    for name in unknown:
        if loosely(name).replace("/", "") in LABEL_NAMES:
            yield f"If it is {quoted(name)}, write `columns: {{label: [{quoted(name)}]}}` in the policy."
            return


def _are_readings(cells: Sequence[str]) -> bool:
    """Whether a first line is a wafer and no header: most of its fields are numbers, and not names that are counted."""
    numbers = [cell for cell in map(str.strip, cells) if _NUMBER.fullmatch(cell)]
    return 2 * len(numbers) > len(cells) and not all(map(str.isdecimal, numbers))


def _header_cure(cells: Sequence[str], contract: Contract) -> Iterator[str]:
    yield f"The first line holds readings instead of names: {in_short(cells)}. Export the batch with its header."
    if len(cells) == len(contract.columns):
        yield "If the columns stand as in the schema, write `text: {header: false}` in the policy."
    if len(cells) == len(contract.columns) - 1:
        yield (
            "If the columns stand as in the schema, but for the wafer id, write `text: {header: false}` and "
            '`wafer_id_from: "{file}-{row}"` in the policy.'
        )


def _sensor_cure(sensors: Sequence[str], unknown: Sequence[str], contract: Contract) -> Iterator[str]:
    """Columns that are known when capitals, or signs between, do not matter; by a pattern; or by another name."""
    found = {loosely(name) for name in unknown}
    if all(loosely(name) in found for name in sensors):
        yield (
            "The file has them with other capitals, or with other signs between: write `columns: {spelling: loose}` "
            "in the policy."
        )
    elif pattern := _pattern(sensors, unknown, contract):
        yield f"The file numbers them otherwise: write `columns: {{sensors: [{quoted(pattern)}]}}` in the policy."
    elif len(sensors) == len(unknown) == 1:
        names = f"{quoted(sensors[0])}: [{quoted(unknown[0])}]"
        yield f"If it is {quoted(unknown[0])}, write `columns: {{aliases: {{{names}}}}}` in the policy."
    elif len(sensors) == len(contract.sensors):
        yield "If the batch is of another line, `wafer contract draft` writes a schema and a policy for it."


def _pattern(sensors: Sequence[str], unknown: Sequence[str], contract: Contract) -> str:
    """What the policy calls names with a number (`s001` is `s{n:03}`), where it finds every sensor; else empty."""
    last = max(sensors, key=len)
    number = re.search(r"[0-9]+\s*$", last)
    for name in unknown if number else ():
        for found in re.finditer("[0-9]+", name):
            if number and int(found[0]) == int(number[0]):
                for place in ("{n}", f"{{n:0{len(found[0])}}}"):
                    pattern = f"{name[: found.start()]}{place}{name[found.end() :]}"
                    if len(found[0]) <= _MOST_DIGITS and _finds(pattern, sensors, unknown, contract):
                        return pattern
    return ""


def _finds(pattern: str, sensors: Sequence[str], unknown: Sequence[str], contract: Contract) -> bool:
    columns = contract.policy.columns.model_copy(update={"sensors": (pattern,)})
    owners = {columns.key(name): owner for name, owner in columns.claims(contract.id_column, sensors, None)}
    return {*sensors} <= {owners.get(columns.key(name)) for name in unknown}
