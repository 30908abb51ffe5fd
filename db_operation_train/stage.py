"""Load the wafers of a run as documents, and export exactly these wafers again from what the database holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from wafer.documents import Document, Documents
from wafer.errors import ContractMismatch, DocumentsUnavailable
from wafer.wafers.table import ORIGIN, ROWS_AT_ONCE, WaferColumns, wafers_writer

_DOCUMENTS_AT_ONCE = 250  # 590 readings are about 50 kB in memory
_CSV_FORMAT = csv.WriteOptions(quoting_style="needed")  # quotes every text and no number; a missing reading is empty


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many wafers the run has, how many of them the database did not hold yet, and how many it did."""

    wafers: int
    inserted: int
    already: int

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        return {"wafers": self.wafers, "inserted": self.inserted, "already": self.already}


def load_wafers(wafers: Path, documents: Documents, export: Path, kind: str) -> Loaded:
    """Load `wafers.parquet` and write `wafers.parquet` and `InputFile.csv` from the documents into the folder `export`.

    Safe to repeat: what is there stays, and the export has the same bytes. The name of a wafer's file is this run's,
    also where the same bytes were loaded before under another name. Raises DocumentsUnavailable when the database does
    not give every document back, ContractMismatch when the table holds another kind of wafers.
    """
    with parquet.ParquetFile(wafers) as table:
        schema = table.schema_arrow
        if (found := (schema.metadata or {}).get(b"kind", b"").decode()) != kind:
            raise ContractMismatch(f"{wafers} holds wafers of the kind {found!r}, not {kind!r}.")
        columns = WaferColumns.of(schema)
        written = documents.insert(kind, _documents(table, columns, kind))
        origin = table.read(columns=["_id", "file"])
    ids, files = origin["_id"].to_pylist(), origin["file"].to_pylist()
    _export(documents.read(kind, ids), files, columns, schema, export)
    return Loaded(len(ids), written.inserted, written.already)


def _documents(table: parquet.ParquetFile, columns: WaferColumns, kind: str) -> Iterator[Document]:
    for batch in table.iter_batches(_DOCUMENTS_AT_ONCE):
        labels = batch[columns.label].to_pylist() if columns.label else [None] * batch.num_rows
        readings = zip(*(batch[sensor].to_pylist() for sensor in columns.sensors), strict=True)
        origin = zip(*(batch[name].to_pylist() for name in (*ORIGIN, columns.wafer)), strict=True)
        for (identity, file, sha256, wafer), label, row in zip(origin, labels, readings, strict=True):
            document: Document = {
                "_id": identity,
                "wafer": wafer,
                "file": file,
                "sha256": sha256,
                "kind": kind,
                "readings": {
                    sensor: value for sensor, value in zip(columns.sensors, row, strict=True) if value is not None
                },
            }
            if label is not None:
                document["label"] = label
            yield document


def _export(
    documents: Iterator[Document], files: Sequence[str], columns: WaferColumns, schema: pa.Schema, export: Path
) -> None:
    """Write the documents, in the order of `files`, their files' names."""
    measured = pa.schema([schema.field(name) for name in columns.measured])
    with (
        wafers_writer(export / "wafers.parquet", schema) as as_parquet,
        csv.CSVWriter(str(export / "InputFile.csv"), measured, write_options=_CSV_FORMAT) as as_csv,
    ):
        for start in range(0, len(files), ROWS_AT_ONCE):
            table = _table(documents, files[start : start + ROWS_AT_ONCE], columns, schema)
            as_parquet.write_table(table, row_group_size=ROWS_AT_ONCE)
            as_csv.write_table(table.select(columns.measured))


def _table(documents: Iterator[Document], files: Sequence[str], columns: WaferColumns, schema: pa.Schema) -> pa.Table:
    """Take the next documents, one for each file name, a few at a time: as Python objects they are large."""
    parts = []
    for start in range(0, len(files), _DOCUMENTS_AT_ONCE):
        names = files[start : start + _DOCUMENTS_AT_ONCE]
        found = list(islice(documents, len(names)))
        if len(found) < len(names):
            raise DocumentsUnavailable(
                "The document database does not give back every wafer it was given. Check that nothing deletes "
                "documents while a run loads, then try again."
            )
        parts.append(_part(found, names, columns, schema))
    return pa.Table.from_batches(parts).combine_chunks()


def _part(
    documents: Sequence[Document], files: Sequence[str], columns: WaferColumns, schema: pa.Schema
) -> pa.RecordBatch:
    rows = [list(map(document["readings"].get, columns.sensors)) for document in documents]
    readings = np.array(rows, dtype=np.float64, order="F").reshape(len(rows), len(columns.sensors))
    arrays = [
        pa.array([document["_id"] for document in documents]),
        pa.array(files, pa.string()),
        pa.array([document["sha256"] for document in documents]),
        pa.array([document["wafer"] for document in documents]),
        *(pa.array(readings[:, number], from_pandas=True) for number in range(len(columns.sensors))),
    ]
    if columns.label:
        arrays.append(pa.array([document.get("label") for document in documents], pa.int8()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
