"""Which sensors are behind flags: how many flagged wafers name each, and what they carry of what raised the scores."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from wafer.history.lots import lot_names
from wafer.history.reading import Part

REASONS = "top_sensors"  # the column of predictions that names the sensors of a flagged wafer


@dataclass(frozen=True, slots=True)
class ParetoBar:
    """A sensor behind flags."""

    sensor: str
    wafers: int  # flagged, that name it
    carried: float  # sum over these of the share that it carries of what raised the score; in wafers, so to say
    cumulative: float  # share of all namings, up to this sensor


@dataclass(frozen=True, slots=True)
class Pareto:
    """Sensors, those that most flagged wafers name first."""

    flagged: int
    explained: int  # of these, with reasons: the first ranks of each run
    bars: tuple[ParetoBar, ...]
    context: tuple[str, ...]  # the columns that the line named, of all runs read
    runs: int


def pareto_of(parts: Iterable[Part], by: str = "", lot: str = "") -> Pareto:
    """Count the reasons of flagged wafers that the model had not learned from; `lot` is the only value wanted of `by`.

    Flagged is the verdict fail.
    The parts hold the column `REASONS`, and `by` where it is a column of the line.
    """
    flagged = explained = 0
    sums: dict[str, tuple[int, float]] = {}
    context, runs = dict[str, None](), set[str]()
    for part in parts:
        context |= dict.fromkeys(part.context)
        runs.add(part.run.run_id)
        rows = part.rows.filter(pc.equal(lot_names(part, by), lot)) if by else part.rows
        some = rows.filter(pc.and_(pc.equal(rows["verdict"], "fail"), pc.invert(rows["in_training"])))
        flagged += len(some)
        explained += int(pc.sum(pc.greater(pc.list_value_length(some[REASONS]), 0)).as_py() or 0)
        for sensor, wafers, carried in _named(some[REASONS]):
            before = sums.get(sensor, (0, 0.0))
            sums[sensor] = (before[0] + wafers, before[1] + carried)
    return Pareto(flagged, explained, tuple(_bars(sums)), tuple(context), len(runs))


def _named(reasons: pa.ChunkedArray) -> Iterable[tuple[str, int, float]]:
    each = pc.list_flatten(reasons)
    sensors = pc.struct_field(each, "sensor")
    known = "contribution_share" in [field.name for field in each.type]
    carried = pc.struct_field(each, "contribution_share") if known else pa.nulls(len(each), pa.float64())
    summed = (
        pa.table({"sensor": sensors, "carried": carried})
        .group_by("sensor")
        .aggregate([([], "count_all"), ("carried", "sum")])
    )
    for row in summed.to_pylist():
        yield row["sensor"], row["count_all"], row["carried_sum"] or 0.0


def _bars(sums: dict[str, tuple[int, float]]) -> Iterable[ParetoBar]:
    total, so_far = sum(wafers for wafers, _ in sums.values()), 0
    for sensor, (wafers, carried) in sorted(sums.items(), key=lambda item: (-item[1][0], -item[1][1], item[0])):
        so_far += wafers
        yield ParetoBar(sensor, wafers, carried, so_far / total)
