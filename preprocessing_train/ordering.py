"""Wafers in an order that only their readings decide, exact copies counted once, with little of it in memory.

An external sort: wafers are dealt to files by the first bits of their keys, then each file is sorted by itself. A model
then depends neither on wafer numbers, nor on the order of rows and columns, nor on a batch dropped twice. The same
readings with another outcome are no copy.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from wafer.wafers.arrays import Bools, Features, natural, readings_of
from wafer.wafers.export import ExportFile
from wafer.wafers.identity import KEY, Keys, as_models_see, digests, fixed, keys_of
from wafer.wafers.table import ROWS_AT_ONCE

MOST_BUCKETS = 256  # files open at once; at 12 million wafers a bucket is 110 MB


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive wafers in the order of their keys."""

    table: pa.Table  # key, row, failed, _id, wafer, file, readings
    readings: Features  # (wafers, sensors) as models see them, sensors in natural order


@dataclass(frozen=True, slots=True)
class Ordered:
    """The wafers to learn from, in a file; every block but the last has `ROWS_AT_ONCE` of them."""

    path: Path
    sensors: tuple[str, ...]  # in natural order
    failed: Bools  # (wafers,) by key
    kept: Bools  # (rows of the export,) the first of each group of copies

    def __len__(self) -> int:
        return len(self.failed)

    def blocks(self) -> Iterator[Block]:
        """Yield the wafers by key."""
        with pa.OSFile(str(self.path)) as stream, pa.ipc.open_file(stream) as file:
            for number in range(file.num_record_batches):
                batch = pa.Table.from_batches([file.get_batch(number)])
                readings = fixed(batch["readings"], np.dtype(np.float32)).reshape(len(batch), len(self.sensors))
                yield Block(batch, readings)


def in_order(export: ExportFile, scratch: Path) -> Ordered:
    """Sort the labelled wafers of an export; the files in `scratch` must live as long as the result."""
    sensors = tuple(sorted(export.columns.sensors, key=natural))
    kept: Bools = np.zeros(export.wafers, bool)
    failed: list[Bools] = [np.empty(0, bool)]
    path = scratch / "ordered.arrow"
    with ExitStack() as files:
        sink = files.enter_context(pa.OSFile(str(path), "wb"))
        writer = files.enter_context(pa.ipc.new_file(sink, _schema(len(sensors))))
        for table in _exactly(ROWS_AT_ONCE, _sorted(_dealt(export, sensors, scratch))):
            kept[table["row"].to_numpy()] = True
            failed.append(table["failed"].to_numpy())
            writer.write_table(table)
    return Ordered(path, sensors, np.concatenate(failed), kept)


def _schema(sensors: int) -> pa.Schema:
    texts = [(name, pa.string()) for name in ("_id", "wafer", "file")]
    head = [("key", pa.binary(KEY.itemsize)), ("row", pa.int64()), ("failed", pa.bool_())]
    return pa.schema([*head, *texts, ("readings", pa.binary(4 * sensors))])


def _dealt(export: ExportFile, sensors: tuple[str, ...], scratch: Path) -> list[Path]:
    """Write the wafers to files by key; how many files there are follows from the number of wafers."""
    schema, failed = _schema(len(sensors)), export.failed
    paths = [scratch / f"{number}.arrow" for number in range(min(MOST_BUCKETS, 1 + export.wafers // ROWS_AT_ONCE))]
    with ExitStack() as files:
        sinks = [files.enter_context(pa.OSFile(str(path), "wb")) for path in paths]
        writers = [files.enter_context(pa.ipc.new_stream(sink, schema)) for sink in sinks]
        row = 0
        for table in export.tables():
            keys, batch = _batch(table, export.columns.wafer, sensors, row, failed)
            bucket = _first_bits(keys) * len(paths) >> 16
            for number in np.unique(bucket):
                writers[number].write_batch(batch.take(np.flatnonzero(bucket == number)))
            row += len(table)
    return paths


def _first_bits(keys: Keys) -> np.ndarray:
    return keys.view(">u2").reshape(len(keys), KEY.itemsize // 2)[:, 0].astype(np.int64)


def _batch(
    table: pa.Table, wafer: str, sensors: tuple[str, ...], row: int, failed: Bools
) -> tuple[Keys, pa.RecordBatch]:
    """Keys of one row group, and its rows as `_schema` has them; `row` is the number of the first."""
    seen = as_models_see(readings_of(table, sensors))
    keys = digests(seen)
    texts = (table[name].fill_null("").combine_chunks() for name in ("_id", wafer, "file"))
    rows = np.arange(row, row + len(table))
    schema = _schema(len(sensors))
    head = [_binary(keys, schema, "key"), rows, failed[rows], *texts]
    return keys, pa.record_batch([*head, _binary(seen, schema, "readings")], schema=schema)


def _binary(values: np.ndarray, schema: pa.Schema, name: str) -> pa.Array:
    return pa.FixedSizeBinaryArray.from_buffers(schema.field(name).type, len(values), [None, pa.py_buffer(values)])


def _sorted(paths: Iterable[Path]) -> Iterator[pa.Table]:
    """Yield each file's wafers by key and outcome, of copies the one that came first; the file is removed."""
    for path in paths:
        with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as file:
            table = file.read_all()
        path.unlink()
        if len(table):
            yield table.take(_first_copies(table))


def _first_copies(table: pa.Table) -> np.ndarray:
    keys, failed = keys_of(table["key"]), table["failed"].to_numpy()
    order = np.lexsort((table["row"].to_numpy(), failed, keys))
    keys, failed = keys[order], failed[order]
    first = np.append(True, (keys[1:] != keys[:-1]) | (failed[1:] != failed[:-1]))
    return np.asarray(order[first])


def _exactly(rows: int, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in tables of this length; the last one may be shorter."""
    waiting: pa.Table | None = None
    for table in tables:
        waiting = table if waiting is None else pa.concat_tables([waiting, table])
        while len(waiting) >= rows:
            yield waiting.slice(0, rows).combine_chunks()
            waiting = waiting.slice(rows)
    if waiting is not None and len(waiting):
        yield waiting.combine_chunks()
