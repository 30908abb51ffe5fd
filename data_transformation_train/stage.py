"""Bring the good rows of all files into one table, in an order that does not depend on how the wafers were batched.

Memory does not grow with the number of wafers. Rows are sorted file by file into parts on disk; then one row group of
the table after the other is gathered from all parts. Few wafers are sorted in memory.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from data_transformation_train.parts import UNIT_BYTES, Counts, bucket_table, buckets, units, write_parts
from data_transformation_train.rows import Rows, order_of, read_rows
from wafer.contract import Contract
from wafer.engine import Engine, Inline
from wafer.errors import ContractInvalid, NoGoodFiles
from wafer.files import scratch_near
from wafer.progress import reported
from wafer.wafers.table import ORIGIN, ROWS_AT_ONCE, WaferColumns, wafers_writer

IN_MEMORY = 16 * 2**20  # bytes of accepted files: some 3,500 wafers of 590 sensors


@dataclass(frozen=True, slots=True)
class Transformed:
    """What the table holds; `failures` is None for wafers to predict."""

    files: int
    wafers: int
    missing_readings: int
    failures: int | None

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        labelled = {} if self.failures is None else {"failures": self.failures}
        return {"files": self.files, "wafers": self.wafers, "missing_readings": self.missing_readings, **labelled}


def transform_batches(
    accepted: Path,
    output: Path,
    contract: Contract,
    in_memory: int = IN_MEMORY,
    engine: Engine | None = None,
    unit_bytes: int = UNIT_BYTES,
) -> Transformed:
    """Join a folder of accepted files into one `wafers.parquet`, sorted by wafer and document id.

    Files of more than `in_memory` bytes together are sorted on disk by the engine, in a folder next to `output`, about
    `unit_bytes` of them at once; the table does not depend on that. Raises
    ContractMismatch for a file accepted under another contract, NoGoodFiles for an empty folder, ContractInvalid for a
    schema that uses a name of the table's own.
    """
    paths = sorted(accepted.glob("*.parquet"), key=lambda path: path.name)
    if not paths:
        raise NoGoodFiles(f"{accepted} holds no accepted file. Give the folder that the validation wrote.")
    schema = _columns(contract).schema(
        kind=contract.kind, contract=contract.digest, file_names=contract.file_name.to_json()
    )
    with ThreadPoolExecutor(2) as pool:
        if sum(path.stat().st_size for path in paths) <= in_memory:
            counts = _join(paths, output, contract, schema, pool)
        else:
            counts = _join_on_disk(paths, output, contract, schema, pool, engine or Inline(), unit_bytes)
    return Transformed(len(paths), counts.wafers, counts.missing_readings, counts.failures if contract.label else None)


def _columns(contract: Contract) -> WaferColumns:
    if taken := sorted(set(ORIGIN) & set(contract.accepted_columns)):
        raise ContractInvalid(
            f"The contract names a column {taken[0]!r}, which the table of wafers uses itself; rename it."
        )
    return WaferColumns(contract.id_column, contract.sensors, contract.label, contract.context)


def _join(paths: Sequence[Path], output: Path, contract: Contract, schema: pa.Schema, pool: Executor) -> Counts:
    files = pool.map(lambda path: list(read_rows(path, contract)), paths)
    rows = Rows.joined([each for file in files for each in file])
    order = order_of(rows.keys)
    starts = range(0, len(rows), ROWS_AT_ONCE)
    tables = (partial(rows.table, order[start : start + ROWS_AT_ONCE], schema) for start in starts)
    _write(output, schema, tables, pool)
    return Counts.of(rows, labelled=contract.label is not None)


def _join_on_disk(
    paths: Sequence[Path],
    output: Path,
    contract: Contract,
    schema: pa.Schema,
    pool: Executor,
    engine: Engine,
    unit_bytes: int,
) -> Counts:
    with scratch_near(output, "parts") as folder:
        several = units(paths, engine.give(paths), unit_bytes)
        written = engine.run(partial(write_parts, contract=contract), several, folder)
        counts = sum(reported(written, len(several), "groups of files read"), Counts())
        found = buckets([folder / unit.parts for unit in several])
        tables = (partial(bucket_table, bucket, schema) for bucket in found)
        _write(output, schema, reported(tables, len(found), "parts of the table written"), pool)
    return counts


def _write(output: Path, schema: pa.Schema, tables: Iterable[Callable[[], pa.Table]], pool: Executor) -> None:
    """Write one row group after the other; each is made while the one before it is written."""
    with wafers_writer(output, schema) as writer:
        waiting: list[Future[pa.Table]] = []
        for make in tables:
            waiting.append(pool.submit(make))
            if len(waiting) > 1:
                writer.write_table(waiting.pop(0).result(), row_group_size=ROWS_AT_ONCE)
        for last in waiting:
            writer.write_table(last.result(), row_group_size=ROWS_AT_ONCE)
