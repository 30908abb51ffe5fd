"""The good rows of one batch file, as the validation hands them on: a Parquet file that is written and read by copying.

Columns: the id, the context (texts), the readings of a wafer side by side (float64, NaN where there is none), and the
outcome as the contract's number. The file's metadata names the batch `file`, its `sha256`, the digest of the `contract`
and its `sensors`. Files of earlier releases have a column a sensor and are read as well: a run of then can be retried.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from wafer.contract import Contract
from wafer.errors import ContractMismatch
from wafer.wafers.arrays import Floats, Ints

_READINGS = "\0readings"  # no column of a contract has this name
_READING = np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class AcceptedRows:
    """Some good rows of one file; `readings` is (rows, sensors), of a file of outcomes alone (rows, 0)."""

    file: str
    sha256: str
    wafers: pa.Array
    context: tuple[pa.Array, ...]
    readings: Floats
    labels: list[int] | None  # None for wafers to predict


def accepted_schema(contract: Contract) -> pa.Schema:
    """The columns of an accepted file."""
    texts = [(name, pa.string()) for name in (contract.id_column, *contract.context)]
    width = len(contract.sensors) * _READING.itemsize
    readings = [(_READINGS, pa.binary(width))] if contract.sensors else []
    label = [(contract.label, pa.int64())] if contract.label else []
    return pa.schema([*texts, *readings, *label])


def accepted_batch(
    contract: Contract, wafers: pa.Array, context: Sequence[pa.Array], readings: Floats, labels: Ints | None
) -> pa.RecordBatch:
    """Rows as an accepted file holds them."""
    schema = accepted_schema(contract)
    columns = [wafers, *context]
    if contract.sensors:
        data = pa.py_buffer(np.ascontiguousarray(readings))
        columns.append(pa.FixedSizeBinaryArray.from_buffers(schema.field(_READINGS).type, len(wafers), [None, data]))
    if labels is not None:
        columns.append(pa.array(labels, pa.int64()))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def accepted_metadata(contract: Contract, file: str, sha256: str) -> dict[str, str]:
    """What an accepted file says about itself."""
    return {"file": file, "sha256": sha256, "contract": contract.digest, "sensors": json.dumps(contract.sensors)}


def read_accepted(path: Path, contract: Contract) -> Iterator[AcceptedRows]:
    """The rows of an accepted file, one row group after the other.

    Raises ContractMismatch for a file accepted under another contract.
    """
    with parquet.ParquetFile(path, memory_map=True) as file:
        origin = {key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items()}
        if origin.get("contract") != contract.digest:
            raise ContractMismatch(
                f"{origin.get('file', path.name)} was accepted under another contract than this run's; "
                "validate the batches again."
            )
        for group in range(file.num_row_groups):  # one by one: iter_batches keeps the decoded file until its end
            for batch in file.read_row_group(group, use_threads=False).to_batches():  # nothing to decode for threads
                yield _rows(batch, origin["file"], origin["sha256"], contract)


def _rows(batch: pa.RecordBatch, file: str, sha256: str, contract: Contract) -> AcceptedRows:
    wafers, *rest = batch.columns
    labels = rest.pop().to_pylist() if contract.label else None
    context, columns = rest[: len(contract.context)], rest[len(contract.context) :]
    return AcceptedRows(file, sha256, wafers, tuple(context), _readings(columns, len(wafers)), labels)


def _readings(columns: Sequence[pa.Array], rows: int) -> Floats:
    if not columns:
        return np.empty((rows, 0))
    first = columns[0]
    if pa.types.is_fixed_size_binary(first.type):
        width = first.type.byte_width
        return np.frombuffer(first.buffers()[1], _READING, rows * width // 8, first.offset * width).reshape(rows, -1)
    names = list(map(str, range(len(columns))))
    readings: Floats = pa.RecordBatch.from_arrays(columns, names).to_tensor(null_to_nan=True).to_numpy()
    return readings
