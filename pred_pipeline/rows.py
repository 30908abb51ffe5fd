"""Predictions as files, written by rank: Parquet for programs, CSV that is safe to open in a spreadsheet for people."""

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pred_pipeline.ranked import Ranked
from wafer.cells import GUARDED
from wafer.model.contributions import Reason

_TO_QUOTE = '[",\r\n]'
_DECIMALS = {"probability": 6, "threshold": 6, "distance_percentile": 2}  # as many as the values have


def write_predictions(ranked: Ranked, parquet: Path, csv: Path) -> None:
    """Write both files, some rows at a time and no row by itself."""
    with pq.ParquetWriter(parquet, ranked.schema) as writer, csv.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(map(_header, ranked.schema.names)) + "\n")
        for rows, reasons in ranked.parts():
            writer.write_table(rows)
            stream.write(_text(rows, reasons))


def _header(name: str) -> str:
    """Return the name of a column as a cell; the line names its context as it likes."""
    return str(_safe(pa.array([name]))[0].as_py())


def _text(rows: pa.Table, reasons: Sequence[Sequence[Reason]]) -> str:
    """Return rows as lines of CSV; numbers stay bare."""
    cells = [_cells(name, rows[name].combine_chunks(), reasons) for name in rows.column_names]
    lines = pc.binary_join_element_wise(*cells, ",")
    text = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "\n")[0].as_py()
    return f"{text}\n" if len(lines) else ""


def _cells(name: str, values: pa.Array, reasons: Sequence[Sequence[Reason]]) -> pa.Array:
    if name == "top_sensors":
        told = ["; ".join(reason.text() for reason in each) for each in reasons]
        return _safe(pa.array(told + [""] * (len(values) - len(told)), pa.string()))
    if name in _DECIMALS:
        return _fixed(values, _DECIMALS[name])
    return _safe(values) if pa.types.is_string(values.type) else values.cast(pa.string())


def _fixed(values: pa.Array, decimals: int) -> pa.Array:
    """Return numbers with this many decimals, which are all they have."""
    whole, rest = np.divmod(np.rint(values.to_numpy() * 10**decimals).astype(np.int64), 10**decimals)
    padded = pc.utf8_lpad(pa.array(rest).cast(pa.string()), decimals, "0")
    return pc.binary_join_element_wise(pa.array(whole).cast(pa.string()), padded, ".")


def _safe(texts: pa.Array) -> pa.Array:
    """Return each text as `safe_cell` does, in quotes where CSV needs them."""
    guarded = reduce(pc.or_, [pc.starts_with(texts, sign) for sign in GUARDED])
    safe = pc.if_else(guarded, pc.binary_join_element_wise("'", texts, ""), texts)
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(safe, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(safe, _TO_QUOTE), quoted, safe)
