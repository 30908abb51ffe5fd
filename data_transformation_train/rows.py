"""Some wafers on their way into the table: who they are, and what every sensor read."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from wafer.contract import Contract
from wafer.contract.policy import Outcome
from wafer.wafers.accepted import AcceptedRows, read_accepted
from wafer.wafers.table import ORIGIN

_ID_DIGITS = 32
_WAFER = len(ORIGIN)  # place of the wafer's name in a head
_ROWS_IN_CACHE = 64  # 590 readings are 0.3 MB: turning a whole table at once takes four times as long

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Wafers of one file or of many; `head` has all columns of the table but the sensors."""

    head: pa.Table
    readings: NDArray[np.float64]  # (rows, sensors), NaN where there is none

    def __len__(self) -> int:
        return len(self.readings)

    @classmethod
    def joined(cls, several: Sequence["Rows"]) -> "Rows":
        """The rows of several, one after the other; those of one are not copied."""
        if len(several) == 1:
            return several[0]
        heads = pa.concat_tables([each.head for each in several])
        return cls(heads.combine_chunks(), np.concatenate([each.readings for each in several]))

    @classmethod
    def copied(cls, several: Iterable["Rows"], rows: int) -> "Rows":
        """The same for rows of mapped files, `rows` in all, one after the other.

        The operating system counts what is mapped as memory, and maps far more than is read.
        """
        heads: list[pa.Table] = []
        readings, end = np.empty((0, 0)), 0
        for each in several:
            if not heads:
                readings = np.empty((rows, each.readings.shape[1]))
            heads.append(copied(each.head))
            begin, end = end, end + len(each)
            readings[begin:end] = each.readings
        return cls(pa.concat_tables(heads).combine_chunks(), readings)

    @property
    def keys(self) -> pa.Table:
        """What they are sorted by."""
        return keys_of(self.head)

    def sorted(self) -> "Rows":
        """The rows in sorted order; rows that stand so already, as most lines write them, are not copied."""
        order = order_of(self.keys)
        if (np.diff(order) > 0).all():
            return self
        return Rows(self.head.take(order), self.readings[order])

    def table(self, order: Ints, schema: pa.Schema) -> pa.Table:
        """Some of the rows, in this order, as a part of the table of wafers: a missing reading is null."""
        head = self.head.take(order).columns
        readings = np.empty((self.readings.shape[1], len(order)))
        for start in range(0, len(order), _ROWS_IN_CACHE):
            part = slice(start, start + _ROWS_IN_CACHE)
            readings[:, part] = self.readings[order[part]].T
        sensors = [pa.array(sensor, from_pandas=True) for sensor in readings]
        texts = sum(map(pa.types.is_string, self.head.schema.types))  # origin, wafer and its context; then the label
        return pa.Table.from_arrays([*head[:texts], *sensors, *head[texts:]], schema=schema)


def copied(table: pa.Table) -> pa.Table:
    """A table in memory of its own."""
    return table.take(np.arange(len(table)))


def keys_of(head: pa.Table) -> pa.Table:
    """What rows are sorted by: wafer, then document id."""
    return pa.table([head.column(_WAFER), head.column(0)], names=["wafer", "id"])


def order_of(keys: pa.Table) -> Ints:
    """Places of the rows in sorted order; rows of equal keys stay in theirs."""
    order: Ints = compute.sort_indices(keys, [("wafer", "ascending"), ("id", "ascending")]).to_numpy().astype(np.int64)
    return order


def read_rows(path: Path, contract: Contract) -> Iterator[Rows]:
    """The rows of an accepted file, one row group after the other, with their document ids.

    Raises ContractMismatch for a file accepted under another contract.
    """
    for accepted in read_accepted(path, contract):
        yield _rows(accepted, contract)


def _rows(accepted: AcceptedRows, contract: Contract) -> Rows:
    failed = None if accepted.labels is None else _failed(accepted.labels, contract.policy.label_codes)
    readings = accepted.readings + 0.0  # -0.0 becomes 0.0: not every database keeps the sign of nothing
    np.copyto(readings, np.nan, where=np.isnan(readings))  # one bit pattern: ids are made from the bits
    known = _with_context(accepted.wafers.to_pylist(), contract.context, accepted.context)
    ids = _document_ids(accepted.sha256, contract.sensors, known, readings, failed)
    files, digests = pa.repeat(accepted.file, len(ids)), pa.repeat(accepted.sha256, len(ids))
    origin = (pa.array(ids), files, digests, accepted.wafers, *accepted.context)
    head = dict(zip((*ORIGIN, contract.id_column, *contract.context), origin, strict=True))
    return Rows(pa.table(head if failed is None else head | {contract.label: pa.array(failed)}), readings)


def _with_context(wafers: list[str], names: Sequence[str], columns: Sequence[pa.Array]) -> list[str]:
    """Each wafer with its context, which is a part of its document as well."""
    if not names:
        return wafers
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return [json.dumps([wafer, list(zip(names, row, strict=True))]) for wafer, row in zip(wafers, rows, strict=True)]


def _failed(labels: Sequence[int], meaning: Mapping[int, Outcome]) -> NDArray[np.int8]:
    return np.array([meaning[label] == "fail" for label in labels], dtype=np.int8)


def _document_ids(
    sha256: str,
    sensors: Sequence[str],
    wafers: Sequence[str],
    readings: NDArray[np.float64],
    failed: NDArray[np.int8] | None,
) -> list[str]:
    """Id of every row: file sha256 and wafer id, and what was read under which names.

    The content is part of the id because the same file can be read differently later (a corrected column alias, label
    map or missing text in the contract): that is another document then, not the old one under an id already taken.
    """
    start = hashlib.sha256("\n".join((sha256, *sensors)).encode())
    ids = []
    for row, wafer in enumerate(wafers):
        identity = start.copy()
        identity.update(f"\n{wafer}\n{'' if failed is None else failed[row]}\n".encode())
        identity.update(readings[row])
        ids.append(identity.hexdigest()[:_ID_DIGITS])
    return ids
