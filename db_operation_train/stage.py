"""Load the wafers of a run as documents, and export exactly these wafers again from what the database holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from db_operation_train.input_file import csv_writer
from wafer.documents import Document, DocumentRows, Documents, batches_of
from wafer.errors import ContractMismatch, DocumentsUnavailable
from wafer.progress import report
from wafer.wafers.table import ROWS_AT_ONCE, WaferColumns, wafers_writer

_LOADED_AT_ONCE = 2_048  # rows; their numbers as text are 8 MB, and what is known of them is one query
_READ_AT_ONCE = 250  # documents; 590 readings are about 50 kB in memory
_LOST = (
    "The document database does not give back every wafer it was given. Check that nothing deletes "
    "documents while a run loads, then try again."
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many wafers the run has, how many of them the database did not hold yet, and how many it did."""

    wafers: int
    inserted: int
    already: int

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        return {"wafers": self.wafers, "inserted": self.inserted, "already": self.already}


def load_wafers(wafers: Path, documents: Documents, export: Path, input_file: Path, kind: str) -> Loaded:
    """Load `wafers.parquet`; write what is stored as `wafers.parquet` into the folder `export`, and as CSV.

    A document that this call inserted is the row it was made of; one that was there before is read from the database.
    Safe to repeat: what is there stays, and the export has the same bytes. The name of a wafer's file is this run's,
    also where the same bytes were loaded before under another name. One row group after another is loaded, so that
    memory does not grow with the wafers. Raises DocumentsUnavailable when the database does not give every document
    back, ContractMismatch when the table holds another kind of wafers.
    """
    with parquet.ParquetFile(wafers) as table:
        schema = table.schema_arrow
        if (found := (schema.metadata or {}).get(b"kind", b"").decode()) != kind:
            raise ContractMismatch(f"{wafers} holds wafers of the kind {found!r}, not {kind!r}.")
        load = _Load(documents, kind, WaferColumns.of(schema))
        count, inserted, done = table.metadata.num_rows, 0, 0
        with (
            wafers_writer(export / "wafers.parquet", schema) as as_parquet,
            csv_writer(input_file, load.columns) as as_csv,
        ):
            for batch in _batches(table):
                parts = []
                for start in range(0, len(batch), _LOADED_AT_ONCE):
                    part = load.load(batch.slice(start, _LOADED_AT_ONCE))
                    as_csv.write(part.rows)
                    inserted += part.inserted
                    parts.append(part.stored)
                    report(done := done + len(part.rows), count, "wafers loaded")
                as_parquet.write_table(pa.Table.from_batches(parts), row_group_size=ROWS_AT_ONCE)
    return Loaded(count, inserted, count - inserted)


def _batches(table: parquet.ParquetFile) -> Iterator[pa.RecordBatch]:
    """One row group after the other; `iter_batches` keeps 0.8 KiB a wafer until its end."""
    for group in range(table.num_row_groups):
        yield from table.read_row_group(group).combine_chunks().to_batches()


@dataclass(frozen=True, slots=True)
class _Part:
    """Wafers as they are stored, in both forms, and how many of them were not yet."""

    stored: pa.RecordBatch
    rows: DocumentRows
    inserted: int


@dataclass(frozen=True, slots=True)
class _Load:
    """A load that is running: where to, and what the table's columns are."""

    documents: Documents
    kind: str
    columns: WaferColumns

    def load(self, batch: pa.RecordBatch) -> _Part:
        """Insert the wafers that are not stored yet, and put what was stored before in the place of the others."""
        rows = self._rows(batch)
        written = self.documents.insert(self.kind, rows)
        if written.inserted + written.already < len(rows):
            raise DocumentsUnavailable(_LOST)
        if not written.found:
            return _Part(batch, rows, written.inserted)
        stored = self._as_stored(batch, frozenset(written.found))
        return _Part(stored, self._rows(stored), written.inserted)

    def _rows(self, batch: pa.RecordBatch) -> DocumentRows:
        columns = self.columns
        return DocumentRows(
            ids=batch["_id"].to_pylist(),
            wafers=batch[columns.wafer].to_pylist(),
            files=batch["file"].to_pylist(),
            sha256s=batch["sha256"].to_pylist(),
            labels=batch[columns.label].to_pylist() if columns.label else [None] * len(batch),
            sensors=columns.sensors,
            readings=batch.select(list(columns.sensors)).to_tensor(null_to_nan=True).to_numpy(),
            context_names=columns.context,
            contexts=list(zip(*(batch[name].to_pylist() for name in columns.context), strict=True)),
        )

    def _as_stored(self, batch: pa.RecordBatch, already: frozenset[str]) -> pa.RecordBatch:
        known = [place for place, identity in enumerate(batch["_id"].to_pylist()) if identity in already]
        order = np.arange(len(batch))
        order[known] = len(batch) + np.arange(len(known))
        found = self._read(batch.select(["_id", "file"]).take(pa.array(known)), batch.schema)
        return pa.concat_batches([batch, *found]).take(pa.array(order))

    def _read(self, origin: pa.RecordBatch, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Read documents with their files' names, a few at a time: as Python objects they are large."""
        documents = self.documents.read(self.kind, origin["_id"].to_pylist())
        for files in batches_of(origin["file"].to_pylist(), _READ_AT_ONCE):
            found = list(islice(documents, len(files)))
            if len(found) < len(files):
                raise DocumentsUnavailable(_LOST)
            yield _batch(found, files, self.columns, schema)


def _batch(
    documents: Sequence[Document], files: Sequence[str], columns: WaferColumns, schema: pa.Schema
) -> pa.RecordBatch:
    rows = [list(map(document["readings"].get, columns.sensors)) for document in documents]
    readings = np.array(rows, dtype=np.float64, order="F").reshape(len(rows), len(columns.sensors))
    arrays = [
        pa.array([document["_id"] for document in documents]),
        pa.array(files, pa.string()),
        pa.array([document["sha256"] for document in documents]),
        pa.array([document["wafer"] for document in documents]),
        *_contexts(documents, columns.context),
        *(pa.array(readings[:, number], from_pandas=True) for number in range(len(columns.sensors))),
    ]
    if columns.label:
        arrays.append(pa.array([document.get("label") for document in documents], pa.int8()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _contexts(documents: Sequence[Document], names: Sequence[str]) -> list[pa.Array]:
    """The columns of the context as documents hold it."""
    known = [dict(document.get("context", [])) for document in documents] if names else []
    return [pa.array([each.get(name, "") for each in known], pa.string()) for name in names]
