"""Lots of the history, or batches, or whatever else its wafers are told apart by: what was predicted, what came of it.

In memory are a line for each lot of each row group, until they are put together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wafer.history.reading import Part

BY_TIME = ("day", "week", "month")
OWN = ("file", "run", *BY_TIME)  # besides the columns of the wafers' context
MOST_LOTS = 2000
MOST_WAFERS = 2_000_000  # that are looked at: 140 MB of those met
_SUMS = ("wafers", "learned", "flagged", "inspected", "known", "failed")


@dataclass(frozen=True, slots=True)
class Lot:
    """Wafers that have one value in a column.

    `learned` are those that the model learned from: they count among neither the flagged nor those to inspect. `known`
    are those whose outcome is known. `runs` predicted them, the newest first.
    """

    name: str
    runs: tuple[str, ...]
    first: datetime
    last: datetime
    wafers: int
    learned: int
    flagged: int
    inspected: int
    known: int
    failed: int

    @property
    def forecasts(self) -> int:
        """Wafers that the model had not seen."""
        return self.wafers - self.learned


@dataclass(frozen=True, slots=True)
class Lots:
    """Lots in the order of time, and what was read for them."""

    lots: tuple[Lot, ...]
    left_out: int  # older lots beyond `MOST_LOTS`
    context: tuple[str, ...]  # the columns that the line named, of all runs read
    runs: int
    complete: bool  # every run was read; else the oldest are missing


def lots_of(parts: Iterable[Part], by: str) -> Lots:
    """Sum up the wafers of the history by a column; the parts hold it where it is none of `OWN`."""
    sums, runs, context, met = list[pa.Table](), dict[str, int](), dict[str, None](), 0
    complete = True
    for part in parts:
        if met >= MOST_WAFERS:
            complete = False
            break
        runs.setdefault(part.run.run_id, len(runs))
        context |= dict.fromkeys(part.context)
        sums.append(_summed(part, by, runs[part.run.run_id]))
        met += len(part.rows)
    lots = sorted(_joined(sums, list(runs)), key=lambda lot: (lot.first, lot.name))
    shown = tuple(lots[-MOST_LOTS:])
    return Lots(shown, len(lots) - len(shown), tuple(context), len(runs), complete)


def lot_names(part: Part, by: str) -> pa.Array:
    """Return which lot each wafer of a part belongs to; empty where the line does not say it."""
    rows = part.rows
    if by == "run":
        return pa.array([part.run.run_id] * len(rows), pa.string())
    if by in BY_TIME:
        day = pc.floor_temporal(rows["moment"], unit=by)  # a week begins on Monday
        return pc.strftime(day, "%Y-%m" if by == "month" else "%Y-%m-%d")
    if by != "file" and by not in part.context:
        return pa.array([""] * len(rows), pa.string())
    return pc.fill_null(rows[by].cast(pa.string()), "")


def _summed(part: Part, by: str, run: int) -> pa.Table:
    rows = part.rows
    forecast = pc.invert(rows["in_training"])
    flags = {
        "wafers": pa.repeat(pa.scalar(value=True), len(rows)),
        "learned": rows["in_training"],
        "flagged": pc.and_(forecast, pc.equal(rows["verdict"], "fail")),
        "inspected": pc.and_(forecast, pc.equal(rows["verdict"], "inspect")),
        "known": pc.is_valid(rows["failed"]),
        "failed": pc.fill_null(rows["failed"], fill_value=False),
    }
    counted = {name: column.cast(pa.int64()) for name, column in flags.items()}
    table = pa.table({"lot": lot_names(part, by), "moment": rows["moment"], **counted})
    sums = table.group_by("lot").aggregate([("moment", "min"), ("moment", "max"), *((name, "sum") for name in _SUMS)])
    return sums.append_column("run", pa.array([run] * len(sums), pa.int64()))


def _joined(sums: list[pa.Table], runs: list[str]) -> Iterator[Lot]:
    if not sums:
        return
    wanted = [
        ("moment_min", "min"),
        ("moment_max", "max"),
        ("run", "distinct"),
        *((f"{name}_sum", "sum") for name in _SUMS),
    ]
    for row in pa.concat_tables(sums).group_by("lot").aggregate(wanted).to_pylist():
        yield _lot(row, runs)


def _lot(row: dict[str, Any], runs: list[str]) -> Lot:
    return Lot(
        name=row["lot"],
        runs=tuple(runs[place] for place in sorted(row["run_distinct"])),
        first=row["moment_min_min"],
        last=row["moment_max_max"],
        **{name: row[f"{name}_sum_sum"] for name in _SUMS},
    )
