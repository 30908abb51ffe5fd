"""The wafers of one lot of the history, most suspicious first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from wafer.history.lots import lot_names
from wafer.history.reading import COLUMNS, Part

MOST = 10_000  # wafers; a file can have more, and then its run lists them
_PLACES = pa.array(["fail", "inspect", "pass"])


@dataclass(frozen=True, slots=True)
class ListedWafer:
    """A wafer as it was predicted last; `failed` is None where its outcome is not known."""

    wafer: str
    file: str
    verdict: str
    probability: float | None
    threshold: float | None
    in_training: bool
    model_version: int
    moment: datetime
    failed: bool | None
    run_id: str


def wafers_of(parts: Iterable[Part], by: str, lot: str) -> tuple[list[ListedWafer], int]:
    """Return the first `MOST` wafers of a lot, and how many there are. Those that the model learned from come last."""
    found, total = _none(), 0
    for part in parts:
        chosen = _chosen(part, by, lot)
        total += len(chosen)
        found = _most_suspicious(pa.concat_tables([found, chosen]))
    return [ListedWafer(**row) for row in found.to_pylist()], total


def _most_suspicious(found: pa.Table) -> pa.Table:
    places = pc.index_in(found["verdict"], value_set=_PLACES)
    keys = found.select(["in_training", "probability", "wafer"]).append_column("place", places)
    by_suspicion = [
        ("in_training", "ascending"),
        ("place", "ascending"),
        ("probability", "descending"),
        ("wafer", "ascending"),
    ]
    return found.take(pc.sort_indices(keys, by_suspicion)[:MOST])


def _chosen(part: Part, by: str, lot: str) -> pa.Table:
    chosen = part.rows.select(COLUMNS.names).filter(pc.equal(lot_names(part, by), lot))
    return chosen.append_column("run_id", pa.array([part.run.run_id] * len(chosen), pa.string()))


def _none() -> pa.Table:
    return pa.schema([*COLUMNS, ("run_id", pa.string())]).empty_table()
