"""Wafers as the load stage hands them on."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from wafer.wafers.arrays import EXPORT_FILE, Wafers
from wafer.wafers.table import WaferColumns, wafers_writer


def write_export(wafers: Wafers, folder: Path, rows_at_once: int = 100) -> Path:
    """Write the wafers as the load stage does."""
    columns = WaferColumns("Wafer", wafers.sensors, None if wafers.failed is None else "Output")
    readings = [pa.array(column, from_pandas=True) for column in wafers.readings.T]
    label = [] if wafers.failed is None else [wafers.failed.astype(np.int8)]
    schema = columns.schema(kind="training", contract="c")
    shas = ["0" * 64] * len(wafers)
    table = pa.table([list(wafers.ids), list(wafers.files), shas, list(wafers.names), *readings, *label], schema=schema)
    with wafers_writer(folder / "export" / EXPORT_FILE, schema) as writer:
        writer.write_table(table, row_group_size=rows_at_once)
    return folder / "export"
