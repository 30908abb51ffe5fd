"""Sorted parts of the table on disk: rows of some files go in, any range of the sorted rows of all files comes out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from data_transformation_train.rows import Rows, copied, order_of, read_rows
from wafer.contract import Contract
from wafer.engine import Given
from wafer.files import complete_file
from wafer.wafers.table import ROWS_AT_ONCE

UNIT_BYTES = 40 * 2**20  # of accepted files: about ROWS_AT_ONCE wafers of 590 sensors
_LEAST_UNITS = 8


@dataclass(frozen=True, slots=True)
class Unit:
    """Files whose rows go into one file of sorted parts; `parts` is its name."""

    name: str
    files: tuple[Given, ...]
    parts: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What some files hold; no wafer to predict has failed."""

    wafers: int = 0
    missing_readings: int = 0
    failures: int = 0

    @classmethod
    def of(cls, rows: Rows, *, labelled: bool) -> "Counts":
        """Count rows."""
        failures = int(np.sum(rows.head.columns[-1].to_numpy())) if labelled else 0
        return cls(len(rows), int(np.isnan(rows.readings).sum()), failures)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.wafers + other.wafers,
            self.missing_readings + other.missing_readings,
            self.failures + other.failures,
        )


@dataclass(frozen=True, slots=True)
class Bucket:
    """Consecutive rows of the table, each part's share of them being consecutive too."""

    slices: tuple[tuple[Path, int, int, int], ...]  # file, number of the part in it, first row, row after the last


def units(files: Sequence[Path], given: Sequence[Given], unit_bytes: int = UNIT_BYTES) -> list[Unit]:
    """Consecutive files in groups of some size; their number depends on nothing but the files."""
    sizes = [path.stat().st_size for path in files]
    most = min(unit_bytes, sum(sizes) // _LEAST_UNITS)
    group = (np.cumsum([0, *sizes[:-1]]) // max(most, 1)).tolist()
    grouped: dict[int, list[tuple[str, Given]]] = {}
    for number, path, file in zip(group, files, given, strict=True):
        grouped.setdefault(number, []).append((path.name, file))
    return [_unit(number, files) for number, files in enumerate(grouped.values())]


def _unit(number: int, files: Sequence[tuple[str, Given]]) -> Unit:
    names, given = zip(*files, strict=True)
    return Unit(f"{names[0]} and {len(names) - 1} more", given, f"{number:06}.arrow")


def write_parts(unit: Unit, folder: Path, contract: Contract) -> Counts:
    """Write the rows of a unit's files in sorted parts of about ROWS_AT_ONCE rows."""
    counts = Counts()
    with complete_file(folder / unit.parts, durable=False) as path, pa.OSFile(str(path), "wb") as sink:
        writer: pa.ipc.RecordBatchFileWriter | None = None
        for rows in _gathered(unit.files, contract):
            counts += Counts.of(rows, labelled=contract.label is not None)
            batch = _batch(rows.sorted())
            writer = writer or pa.ipc.new_file(sink, batch.schema)
            writer.write_batch(batch)
        if writer:
            writer.close()
    return counts


def _gathered(files: Sequence[Given], contract: Contract) -> Iterator[Rows]:
    waiting: list[Rows] = []
    for file in files:
        for rows in read_rows(file.at_hand(), contract):
            waiting.append(rows)
            if sum(map(len, waiting)) >= ROWS_AT_ONCE:
                yield Rows.joined(waiting)
                waiting = []
    if waiting:
        yield Rows.joined(waiting)


def _batch(rows: Rows) -> pa.RecordBatch:
    """The rows as they are written; all readings of a wafer lie side by side in one column."""
    readings = pa.FixedSizeListArray.from_arrays(pa.array(rows.readings.ravel()), rows.readings.shape[1])
    head = rows.head.combine_chunks()
    return pa.table([*head.columns, readings], names=[*head.column_names, "\0readings"]).to_batches()[0]


def buckets(files: Sequence[Path], rows: int = ROWS_AT_ONCE) -> list[Bucket]:
    """Which rows of which parts make the first `rows` rows of the table, the next ones, and so on."""
    parts = [(path, number) for path in files for number in range(_open(path).num_record_batches)]
    keys = [_keys(*part) for part in parts]
    order = order_of(pa.concat_tables(keys).combine_chunks())
    part_of_row = np.repeat(np.arange(len(parts)), [len(each) for each in keys])[order]
    begins = np.zeros(len(parts), dtype=np.int64)
    found = []
    for start in range(0, len(part_of_row), rows):
        ends = begins + np.bincount(part_of_row[start : start + rows], minlength=len(parts))
        found.append(Bucket(tuple((*parts[n], int(begins[n]), int(ends[n])) for n in np.flatnonzero(ends > begins))))
        begins = ends
    return found


def bucket_table(bucket: Bucket, schema: pa.Schema) -> pa.Table:
    """The rows of a bucket, sorted."""
    rows = Rows.copied((_part(*each) for each in bucket.slices), sum(end - begin for *_, begin, end in bucket.slices))
    return rows.table(order_of(rows.keys), schema)


def _part(path: Path, number: int, begin: int = 0, end: int | None = None) -> Rows:
    rows = _open(path).get_batch(number).slice(begin, None if end is None else end - begin)
    *head, readings = rows.columns
    matrix = readings.flatten().to_numpy().reshape(len(rows), readings.type.list_size)
    return Rows(pa.table(head, names=rows.schema.names[:-1]), matrix)


def _keys(path: Path, number: int) -> pa.Table:
    return copied(_part(path, number).keys)


def _open(path: Path) -> pa.ipc.RecordBatchFileReader:
    """The parts of a unit, mapped: only what is used of them is read."""
    return pa.ipc.open_file(pa.memory_map(str(path)))
