"""Bring the good rows of all files into one table, in an order that does not depend on how the wafers were batched."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from wafer.contract import Contract
from wafer.contract.policy import Outcome
from wafer.errors import ContractInvalid, ContractMismatch, NoGoodFiles
from wafer.wafers.table import ORIGIN, ROWS_AT_ONCE, WaferColumns, wafers_writer

_ID_DIGITS = 32


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


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of one file."""

    file: str
    sha256: str
    wafers: list[str]
    ids: list[str]
    readings: NDArray[np.float64]  # (rows, sensors), NaN where there is none
    failed: NDArray[np.int8] | None  # (rows,)


def transform_batches(accepted: Path, output: Path, contract: Contract) -> Transformed:
    """Join a folder of accepted files into one `wafers.parquet`, sorted by wafer and document id.

    Holds the readings once in memory (8 bytes each). Raises ContractMismatch for a file accepted under another
    contract, NoGoodFiles for an empty folder, ContractInvalid for a schema that uses a name of the table's own.
    """
    paths = sorted(accepted.glob("*.parquet"), key=lambda path: path.name)
    if not paths:
        raise NoGoodFiles(f"{accepted} holds no accepted file. Give the folder that the validation wrote.")
    columns = _columns(contract)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        blocks = [block for file in pool.map(partial(_read, contract=contract), paths) for block in file]
        schema = columns.schema(kind=contract.kind, contract=contract.digest)
        with wafers_writer(output, schema) as writer:
            for table in _sorted_tables(blocks, schema, pool):
                writer.write_table(table, row_group_size=ROWS_AT_ONCE)
    return Transformed(
        files=len(paths),
        wafers=sum(len(block.ids) for block in blocks),
        missing_readings=sum(int(np.isnan(block.readings).sum()) for block in blocks),
        failures=sum(int(block.failed.sum()) for block in blocks if block.failed is not None)
        if contract.label
        else None,
    )


def _columns(contract: Contract) -> WaferColumns:
    if taken := sorted(set(ORIGIN) & set(contract.columns)):
        raise ContractInvalid(
            f"The schema names a column {taken[0]!r}, which the table of wafers uses itself; rename it."
        )
    return WaferColumns(contract.id_column, contract.sensors, contract.label)


def _read(path: Path, contract: Contract) -> list[_Block]:
    with parquet.ParquetFile(path) as file:
        metadata = {key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items()}
        if metadata.get("contract") != contract.digest or tuple(file.schema.names) != contract.columns:
            raise ContractMismatch(
                f"{path.name} was accepted under another contract than this run's; validate the batches again."
            )
        return [
            _block(batch, metadata["file"], metadata["sha256"], contract)
            for group in range(file.num_row_groups)  # one by one: iter_batches keeps the decoded file until its end
            for batch in file.read_row_group(group, use_threads=False).to_batches()  # columns are too short for threads
        ]


def _block(batch: pa.RecordBatch, file: str, sha256: str, contract: Contract) -> _Block:
    wafers, *sensors = batch.columns
    failed = _failed(sensors.pop(), contract.policy.labels) if contract.label else None
    readings = np.empty((batch.num_rows, len(sensors)))
    for number, sensor in enumerate(sensors):
        readings[:, number] = sensor.to_numpy(zero_copy_only=False)
    readings[np.isnan(readings)] = np.nan  # one bit pattern for every missing reading: ids are made from the bits
    readings += 0.0  # -0.0 becomes 0.0: not every database keeps the sign of nothing
    ids = _document_ids(sha256, contract.sensors, wafers.to_pylist(), readings, failed)
    return _Block(file, sha256, wafers.to_pylist(), ids, readings, failed)


def _failed(labels: pa.Array, meaning: Mapping[int, Outcome]) -> NDArray[np.int8]:
    return np.array([meaning[label] == "fail" for label in labels.to_pylist()], dtype=np.int8)


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


def _sorted_tables(blocks: Sequence[_Block], schema: pa.Schema, pool: Executor) -> Iterator[pa.Table]:
    """The rows in order; one table is made while the one before it is written."""
    places = [(block, row) for block in blocks for row in range(len(block.ids))]
    places.sort(key=lambda place: (place[0].wafers[place[1]], place[0].ids[place[1]]))
    waiting: list[Future[pa.Table]] = []
    for start in range(0, len(places), ROWS_AT_ONCE):
        waiting.append(pool.submit(_table, places[start : start + ROWS_AT_ONCE], schema))
        if len(waiting) > 1:
            yield waiting.pop(0).result()
    for last in waiting:
        yield last.result()


def _table(places: Sequence[tuple[_Block, int]], schema: pa.Schema) -> pa.Table:
    readings = np.asfortranarray([block.readings[row] for block, row in places])
    origin: list[list[str]] = [
        [block.ids[row] for block, row in places],
        [block.file for block, _ in places],
        [block.sha256 for block, _ in places],
        [block.wafers[row] for block, row in places],
    ]
    sensors = [pa.array(readings[:, number], from_pandas=True) for number in range(readings.shape[1])]
    label = [pa.array([block.failed[row] for block, row in places if block.failed is not None], pa.int8())]
    return pa.Table.from_arrays([*map(pa.array, origin), *sensors, *(label if len(label[0]) else [])], schema=schema)
