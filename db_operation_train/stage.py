"""Load the wafers of a run as documents, and export exactly these wafers again from what the database holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from wafer.documents import Document, Documents, batches_of
from wafer.errors import ContractMismatch, DocumentsUnavailable
from wafer.wafers.table import ORIGIN, ROWS_AT_ONCE, WaferColumns, wafers_writer

_DOCUMENTS_AT_ONCE = 250  # 590 readings are about 50 kB in memory
_CSV_FORMAT = csv.WriteOptions(quoting_style="needed")  # quotes every text and no number; a missing reading is empty
_LOST = (
    "The document database does not give back every wafer it was given. Check that nothing deletes "
    "documents while a run loads, then try again."
)


@dataclass(frozen=True, slots=True)
class Already:
    """The documents that were there before this run: their database, their kind and their ids."""

    documents: Documents
    kind: str
    ids: frozenset[str]


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
    """Load `wafers.parquet` and write `wafers.parquet` and `InputFile.csv` of what is stored into the folder `export`.

    A document that this call inserted is the row it was made of; one that was there before is read from the database.
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
        if written.inserted + written.already < (count := table.metadata.num_rows):
            raise DocumentsUnavailable(_LOST)
        already = Already(documents, kind, frozenset(written.found))
        _export(table, already, columns, export)
    return Loaded(count, written.inserted, written.already)


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


def _export(table: parquet.ParquetFile, already: Already, columns: WaferColumns, export: Path) -> None:
    """Write the rows of the table, those with a document from before as this is stored."""
    schema = table.schema_arrow
    measured = pa.schema([schema.field(name) for name in columns.measured])
    with (
        wafers_writer(export / "wafers.parquet", schema) as as_parquet,
        csv.CSVWriter(str(export / "InputFile.csv"), measured, write_options=_CSV_FORMAT) as as_csv,
    ):
        for batch in table.iter_batches(ROWS_AT_ONCE):
            stored = _as_stored(pa.Table.from_batches([batch]), already, columns)
            as_parquet.write_table(stored, row_group_size=ROWS_AT_ONCE)
            as_csv.write_table(stored.select(columns.measured))


def _as_stored(rows: pa.Table, already: Already, columns: WaferColumns) -> pa.Table:
    """Put the documents from before in the place of their rows."""
    known = [place for place, identity in enumerate(rows["_id"].to_pylist()) if identity in already.ids]
    if not known:
        return rows
    order = np.arange(len(rows))
    order[known] = len(rows) + np.arange(len(known))
    origin = rows.select(["_id", "file"]).take(known)
    return pa.concat_tables([rows, _read(already, origin, columns, rows.schema)]).take(order)


def _read(already: Already, origin: pa.Table, columns: WaferColumns, schema: pa.Schema) -> pa.Table:
    """Read documents with their files' names, a few at a time: as Python objects they are large."""
    documents = already.documents.read(already.kind, origin["_id"].to_pylist())
    parts = []
    for names in batches_of(origin["file"].to_pylist(), _DOCUMENTS_AT_ONCE):
        found = list(islice(documents, len(names)))
        if len(found) < len(names):
            raise DocumentsUnavailable(_LOST)
        parts.append(_part(found, names, columns, schema))
    return pa.Table.from_batches(parts)


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
