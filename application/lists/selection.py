"""Which wafers of a prediction are wanted, and in which order."""

import re
from collections.abc import Mapping
from functools import reduce
from operator import itemgetter

import pyarrow as pa
import pyarrow.compute as pc

from application.errors import RequestInvalid
from application.lists.context import context_of
from application.lists.wanted import Selection, Wanted

MOST = 100  # reasons of a wafer that are looked at
SENSOR = "sensor"  # sorts by the first reason
DISPOSITION = "disposition"  # sorts by the words of people, which the table does not hold
_PLAIN = ("rank", "wafer", "verdict", "probability", "cluster", "distance_percentile", "file")


def selected(table: pa.Table, wanted: Selection) -> tuple[pa.Table, pa.Table]:
    """The wafers that fit, and all of which their ranks and verdicts speak.

    By dispositions they are sorted afterwards, by `by_disposition`. Raises `RequestInvalid` for a column.
    """
    ranked = _ranked(table, wanted)
    found = _of_verdict(ranked, wanted.verdict)
    for word in wanted.q.lower().split():
        found = _with_word(found, word)
    return _sorted(found, wanted.sort), ranked


def _ranked(table: pa.Table, wanted: Selection) -> pa.Table:
    """The wafers that are spoken of, ranked anew where that changes them."""
    if wanted.unseen and "in_training" in table.column_names:
        table = table.filter(pc.invert(table["in_training"]))
    elif wanted.threshold is None:
        return table
    if wanted.threshold is not None:
        table = judged(table, wanted.threshold)
    table = table.take(_suspicious_first(table))
    return _set(table, "rank", pa.array(range(1, table.num_rows + 1), pa.int64()))


def judged(table: pa.Table, threshold: float) -> pa.Table:
    """The wafers with their verdicts at another threshold; one unlike the training wafers keeps the verdict inspect."""
    flagged = pc.fill_null(pc.greater_equal(table["probability"], threshold), fill_value=False)
    inspect = pc.equal(table["verdict"], "inspect")
    told = _set(table, "verdict", pc.if_else(inspect, table["verdict"], pc.if_else(flagged, "fail", "pass")))
    return _set(told, "threshold", pa.repeat(threshold, table.num_rows))


def _suspicious_first(table: pa.Table) -> pa.Array:
    """The order of the ranks: to review first, what the model learned from last, then by probability."""
    learned = (
        table["in_training"] if "in_training" in table.column_names else pa.repeat(pa.scalar(value=False), len(table))
    )
    keys = pa.table(
        {
            "passing": pc.equal(table["verdict"], "pass"),
            "learned": learned,
            "probability": table["probability"],
            "rank": table["rank"],
        }
    )
    order = [("passing", "ascending"), ("learned", "ascending"), ("probability", "descending"), ("rank", "ascending")]
    return pc.sort_indices(keys, order)


def _of_verdict(table: pa.Table, verdict: Wanted | None) -> pa.Table:
    if verdict is None:
        return table
    if verdict == "review":
        return table.filter(pc.not_equal(table["verdict"], "pass"))
    return table.filter(pc.equal(table["verdict"], verdict))


def _with_word(table: pa.Table, word: str) -> pa.Table:
    """The wafers with a word in any of their texts, upper or lower case."""
    texts = [table[name] for name in ("wafer", "file", *context_of(table).values())]
    found = [pc.match_substring(each, word, ignore_case=True) for each in (*texts, _sensors(table))]
    return table.filter(reduce(pc.or_, [pc.fill_null(each, fill_value=False) for each in found]))


def _sensors(table: pa.Table, most: int = MOST) -> pa.Array:
    """The names of the first sensors behind each wafer's rank, in one text; none where there is no reason."""
    lists = table["top_sensors"].cast(pa.list_(table.schema.field("top_sensors").type.value_type)).combine_chunks()
    first = pc.list_slice(lists, 0, most)
    names = pc.struct_field(first.flatten(), "sensor").cast(pa.string())
    return pc.binary_join(pa.ListArray.from_arrays(first.offsets, names), "\n")


def _sorted(table: pa.Table, sort: str) -> pa.Table:
    """The rows in order; those without a value come last, equal ones by rank."""
    if sort.removeprefix("-") in ("", DISPOSITION):
        return table
    down, name = sort.startswith("-"), sort.removeprefix("-")
    values = _column(table, name)
    if pa.types.is_string(values.type):
        values = places(values)
    keys = pa.table(
        {"value": pc.if_else(pc.is_nan(values), None, values) if _is_real(values) else values, "rank": table["rank"]}
    )
    order = [("value", "descending" if down else "ascending"), ("rank", "ascending")]
    return table.take(pc.sort_indices(keys, order))


def by_disposition(table: pa.Table, words: Mapping[tuple[str, str], str], *, down: bool) -> pa.Table:
    """The rows by the words of people on them, given by name and file; those without one come last."""
    told = pc.indices_nonzero(pc.is_in(table["wafer"], pa.array(sorted({wafer for wafer, _ in words}), pa.string())))
    keys = [(words.get((table["wafer"][at].as_py(), table["file"][at].as_py()), ""), at) for at in told.to_pylist()]
    with_word = sorted((each for each in keys if each[0]), key=itemgetter(0), reverse=down)
    first = pa.array([at for _, at in with_word], pa.int64())
    others = pc.invert(pc.is_in(pa.array(range(len(table)), pa.int64()), first))
    return pa.concat_tables([table.take(first), table.filter(others)])


def _column(table: pa.Table, name: str) -> pa.ChunkedArray | pa.Array:
    context = context_of(table)
    if name in _PLAIN or name in context:
        return table[context.get(name, name)]
    if name == SENSOR:
        return _sensors(table, 1)
    raise RequestInvalid(
        f"Wafers cannot be sorted by {name[:80]!r}; sort by {', '.join((*_PLAIN, SENSOR, DISPOSITION, *context))}."
    )


def places(texts: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Where each text stands among all, numbers in it by their value: W-9 before W-10."""
    known = [text for text in pc.unique(texts).to_pylist() if text]
    ordered = pa.array(sorted(known, key=_natural), pa.string())
    return pc.index_in(texts, value_set=ordered)


def _natural(text: str) -> tuple[str, str]:
    return re.sub(r"\d+", lambda digits: digits.group().zfill(20), text.lower()), text


def _is_real(values: pa.ChunkedArray | pa.Array) -> bool:
    return bool(pa.types.is_floating(values.type))


def _set(table: pa.Table, name: str, values: pa.ChunkedArray | pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)
