"""Where a wafer's id seems to come from."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from wafer.contract.draft.columns import Column
from wafer.contract.wafer_ids import FILE, ID, ROW
from wafer.contract.words import CONTEXT_NAMES, ID_NAMES, INDEX_NAMES, LOT_NAMES

_REPEATED = 0.2
_TELLING = re.compile("wafer|scribe|substrate|serial")  # more than `id`, `name` or `slot`


@dataclass(frozen=True, slots=True)
class IdSource:
    """The id's column, the template of the policy's `wafer_id_from`, an index to ignore, and what is not sure."""

    column: Column | None
    template: str
    index: Column | None
    doubts: tuple[str, ...]


def id_source(columns: Sequence[Column]) -> IdSource:
    """The likeliest id: a column by its name, a first one with a text of its own in every row, else file and row."""
    index = next((column for column in columns if column.key in INDEX_NAMES and column.counts_up), None)
    found = _column([column for column in columns if column is not index])
    if found is None:
        return IdSource(None, f"{{{FILE}}}-{{{ROW}}}", index, tuple(_without_id(index)))
    template, doubts = _template(found, columns)
    return IdSource(found, template, index, tuple(doubts))


def _column(columns: Sequence[Column]) -> Column | None:
    able = [column for column in columns if column.texts and not column.is_time and _is_text(column)]
    named = [column for column in able if column.key in ID_NAMES]
    first = [column for column in able[:1] if not column.is_numeric and column.at == 0 and not _repeats(column.values)]
    nameless = [column for column in able if column.key in INDEX_NAMES and not column.counts_up]
    telling = [column for column in named if _TELLING.match(column.key)]
    return next(iter([*telling, *nameless, *first, *named]), None)


def _is_text(column: Column) -> bool:
    return column.is_whole or not column.is_numeric or (column.key in ID_NAMES and column.is_integral)


def _template(found: Column, columns: Sequence[Column]) -> tuple[str, list[str]]:
    plain = f"{{{ID}}}"
    if not _repeats(found.values) and not _repeats([tuple(chain.from_iterable(found.values))]):
        return plain, list(_again(found))
    if copies := _copies(found, columns):
        return plain, [
            f"{len(copies)} wafers stand in several files with the same readings, for example `{copies[0]}`: each is "
            "kept once."
        ]
    for lot in columns:
        if lot.key in LOT_NAMES and not _repeats([_joined(lot, found)]):
            return f"{{{lot.name}}}-{plain}", [f"The id is made of `{lot.name}` and `{found.name}`, which repeats."]
    if not _repeats(found.values):
        return f"{{{FILE}}}:{plain}", [
            f"`{found.name or 'the id'}` repeats in every file: the file's name goes before it."
        ]
    return f"{{{FILE}}}-{{{ROW}}}", [_repeating(found, columns)]


def _repeating(found: Column, columns: Sequence[Column]) -> str:
    """That an id stands in several rows of a file, and what tells them apart, as the sites of a wafer."""
    named = f"`{found.name or 'the first column'}`"
    parts = [column for column in columns if column.key in CONTEXT_NAMES and column is not found]
    if site := next((column for column in parts if not _repeats([_joined(column, found)])), None):
        return (
            f"{named} stands in several rows, told apart by `{site.name}`: each is taken for a wafer of its own, which "
            "makes figures look better than they are. Export one row a wafer, for example its means (in pandas: "
            f'`table.groupby(["{found.name}", OUTCOME], as_index=False).mean(numeric_only=True)`, OUTCOME being the '
            "name of the column with outcomes)."
        )
    return f"{named} repeats within files and is no id."


def _copies(found: Column, columns: Sequence[Column]) -> list[str]:
    """The ids that stand in several files, if nearly all of their rows are the same."""
    companions = [column for column in columns if len(column.values) == len(found.values) and column is not found]
    rows: dict[str, set[tuple[str, ...]]] = {}
    times: Counter[str] = Counter()
    others = [list(chain.from_iterable(column.values)) for column in companions]
    for text, *row in zip(chain.from_iterable(found.values), *others, strict=False):
        rows.setdefault(text, set()).add(tuple(row))
        times[text] += 1
    repeated = [text for text, count in times.items() if count > 1]
    same = [text for text in repeated if len(rows[text]) == 1]
    return same if len(same) > (1 - _REPEATED) * len(repeated) else []


def _again(found: Column) -> Iterator[str]:
    ids = Counter(chain.from_iterable(found.values))
    if repeated := [text for text, times in ids.items() if times > 1 and text]:
        yield (
            f"{len(repeated)} wafers stand there more than once, for example `{repeated[0]}`. If they were measured "
            "again, `second_measurement: keep_later` in the policy keeps the later readings."
        )


def _joined(one: Column, two: Column) -> tuple[str, ...]:
    pairs = zip(chain.from_iterable(one.values), chain.from_iterable(two.values), strict=False)
    return tuple("\0".join(pair) for pair in pairs)


def _repeats(files: Sequence[Sequence[str]]) -> bool:
    """Whether a text stands more than once in a file, beyond the wafers that are measured again."""
    rows = sum(map(len, files))
    return rows - sum(len(set(file)) for file in files) > _REPEATED * rows


def _without_id(index: Column | None) -> Iterator[str]:
    where = f" (`{index.name or 'the first column'}` only counts the rows)" if index else ""
    yield (
        f"No column looks like a wafer id{where}: ids are made of the file's name and the row's number, so a file must "
        "not be renamed, nor its rows sorted, before its outcomes are sent."
    )
