"""The rows of one block, judged: what the fast path and the row parser both return."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raw_data_validation_train.verdicts import BadRow
from wafer.contract import Contract


@dataclass(frozen=True, slots=True)
class Rows:
    """Good rows and bad ones.

    `table` holds the good rows under the contract's columns (under a wrong header it means nothing); `readings` is
    (good rows, sensors) with NaN for missing, `lines` the good rows' line numbers; `has_value` says of every measured
    column whether any row of the right length has a value in it.
    """

    rows_in: int
    table: pa.RecordBatch
    ids: list[str]
    readings: NDArray[np.float64]
    labels: NDArray[np.int64] | None
    lines: NDArray[np.uint32]
    has_value: NDArray[np.bool_]
    bad: list[BadRow] = field(default_factory=list)


def accepted_schema(contract: Contract) -> pa.Schema:
    """Columns of an accepted file: id, context, sensors in schema order with nulls for missing readings, raw label."""
    label = [(contract.label, pa.int64())] if contract.label else []
    texts = [(name, pa.string()) for name in (contract.id_column, *contract.context)]
    return pa.schema([*texts, *((name, pa.float64()) for name in contract.sensors), *label])


def accepted_table(
    contract: Contract,
    ids: list[str],
    readings: NDArray[np.float64],
    labels: NDArray[np.int64] | None,
    context: list[tuple[str, ...]],
) -> pa.RecordBatch:
    """Rows that came one by one as a table."""
    columns = [pa.array(ids, pa.string())]
    columns += [pa.array(texts, pa.string()) for texts in zip(*context, strict=True)]
    columns += [pa.array(column, pa.float64(), from_pandas=True) for column in readings.T]
    columns += [] if labels is None else [pa.array(labels, pa.int64())]
    return pa.RecordBatch.from_arrays(columns, schema=accepted_schema(contract))
