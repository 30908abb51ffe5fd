"""The fast path: parse a whole block in columns. A block with anything unusual is left to the row parser."""

import re

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute
from pyarrow import csv as arrow_csv

from raw_data_validation_train.header import Layout
from raw_data_validation_train.lines import Block
from raw_data_validation_train.rows import Rows
from raw_data_validation_train.wafer_ids import WaferIds
from wafer.contract import Contract
from wafer.contract.text import SEPARATORS
from wafer.wafers.accepted import accepted_batch

_STRAY_QUOTE = {  # pyarrow reads `"1"5` as 15
    sign: re.compile(rb'[^%b\r\n]"[^%b\r\n]' % (re.escape(sign.encode()), re.escape(sign.encode())))
    for sign in SEPARATORS
}


def read_ordinary(block: Block, layout: Layout, contract: Contract, ids: WaferIds | None = None) -> Rows | None:
    """The block's rows if every one of them is good; None if the block needs the row parser."""
    batch = _parse(block, layout)
    if batch is None:
        return None
    if layout.unusual and (batch := _usual(batch, layout, contract, ids, block)) is None:
        return None
    first, last = int(layout.has_id), int(layout.label_at is not None)
    wafers = batch.column(0).to_pylist() if first else []
    sensors = batch.select(range(first + len(contract.context), batch.num_columns - last))
    readings = _readings(sensors)
    labels = batch.column(batch.num_columns - 1) if last else None
    if not (_ids_are_good(wafers, contract) and _labels_are_good(labels, contract)):
        return None
    missing = np.isnan(readings)
    unsure = _has_nan_text(sensors, missing) or _has_missing_number(readings, contract)
    if unsure or not _readings_are_good(readings, contract):
        return None
    codes = None if labels is None else labels.to_numpy().astype(np.int64)
    return Rows(
        rows_in=batch.num_rows,
        table=_accepted(batch, readings, codes, layout, contract),
        ids=wafers,
        readings=readings,
        labels=codes,
        lines=np.arange(block.first_line, block.first_line + batch.num_rows, dtype=np.uint32),
        has_value=np.asarray(~missing.all(axis=0)),
    )


def _accepted(
    batch: pa.RecordBatch,
    readings: NDArray[np.float64],
    labels: NDArray[np.int64] | None,
    layout: Layout,
    contract: Contract,
) -> pa.RecordBatch:
    if layout.findings:
        return pa.record_batch({})
    return accepted_batch(contract, batch.column(0), batch.columns[1 : 1 + len(contract.context)], readings, labels)


def _parse(block: Block, layout: Layout) -> pa.RecordBatch | None:
    data = block.data
    if b'"' in data and _STRAY_QUOTE[layout.parse.delimiter].search(data):
        return None
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data), read_options=layout.read, parse_options=layout.parse, convert_options=layout.convert
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != block.lines:  # a blank line, or a line end inside quotes
        return None
    return table.combine_chunks().to_batches()[0]


def _readings(sensors: pa.RecordBatch) -> NDArray[np.float64]:
    if not sensors.num_columns:  # a file of outcomes alone
        return np.empty((sensors.num_rows, 0))
    readings: NDArray[np.float64] = sensors.to_tensor(null_to_nan=True).to_numpy()
    return readings


def _usual(
    batch: pa.RecordBatch, layout: Layout, contract: Contract, ids: WaferIds | None, block: Block
) -> pa.RecordBatch | None:
    """The block as a usual header gives it: id, readings, label as a number; None where an outcome is unknown."""
    begin = len(layout.key) + len(layout.extra)
    last = begin + len(layout.measured)
    names = [*contract.context, *batch.schema.names[begin:last]]
    columns = [*_context(batch, layout), *batch.columns[begin:last]]
    if layout.has_id and ids:
        columns = [pa.array(ids.of_block(batch, block), pa.string()), *columns]
        names = [contract.id_column, *names]
    if layout.label_at is not None:
        label = batch.column(last)
        if contract.policy.label_words and (label := _codes(label, contract)) is None:
            return None
        columns, names = [*columns, label], [*names, batch.schema.names[last]]
    return pa.RecordBatch.from_arrays(columns, names)


def _context(batch: pa.RecordBatch, layout: Layout) -> list[pa.Array]:
    """The columns of the context; one that the file lacks is empty."""
    read = (*layout.key, *layout.extra)
    return [
        pa.array([""] * batch.num_rows, pa.string()) if at is None else batch.column(read.index(at))
        for at in layout.context
    ]


def _codes(labels: pa.Array, contract: Contract) -> pa.Array | None:
    """The numbers of outcomes that are words, as float64 like those that are read as numbers."""
    known = contract.policy.labels
    places = compute.index_in(labels, pa.array([str(label) for label in known]))
    if places.null_count:
        return None
    return pa.array([contract.policy.label_code(label) for label in known], pa.float64()).take(places)


def _ids_are_good(ids: list[str], contract: Contract) -> bool:
    wafer_id = re.compile(contract.policy.wafer_id, re.ASCII)
    return all(map(wafer_id.fullmatch, ids))


def _labels_are_good(labels: pa.Array | None, contract: Contract) -> bool:
    return labels is None or bool(
        np.isin(labels.to_numpy(zero_copy_only=False), list(contract.policy.label_codes)).all()
    )


def _readings_are_good(readings: NDArray[np.float64], contract: Contract) -> bool:
    bounds = contract.policy.readings
    return not ((readings < bounds.lowest) | (readings > bounds.highest)).any()


def _has_missing_number(readings: NDArray[np.float64], contract: Contract) -> bool:
    """Whether a reading is a number that stands for a missing one, with blanks around it: pyarrow reads its value."""
    numbers = contract.policy.text.numbers
    values = [numbers.value(word) for word in contract.policy.readings.missing if numbers.one.fullmatch(word)]
    return bool(values) and bool(np.isin(readings, values).any())


def _has_nan_text(sensors: pa.RecordBatch, missing: NDArray[np.bool_]) -> bool:
    """Whether a reading is the text NaN, which pyarrow takes for a number, and not an empty field."""
    empty: int = sum(column.null_count for column in sensors.columns)
    return int(missing.sum()) != empty
