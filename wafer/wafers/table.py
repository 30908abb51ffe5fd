"""The table of wafers the stages hand on as `wafers.parquet`: its columns, their order and types, and its file format.

Columns: `_id` (the document's id), `file` (name) and `sha256` (of the file the wafer came in), the id column, the
columns of its context (texts), the sensors under the schema's names, and for training the label (0 = pass, 1 = fail).
Rows are sorted by wafer and `_id`. A missing reading is null, never NaN. The file's metadata names the `kind`, the
digest of the `contract`, and the form of its `file_names`, which says when a batch was written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
from pyarrow import parquet

ORIGIN = ("_id", "file", "sha256")
ROWS_AT_ONCE = 8192  # rows of a row group: 590 sensors are 38 MB
BLOCK = 64 << 20  # bytes of a block of columns
# Hundreds of numeric columns: dictionaries, statistics and a second copy of the schema cost more than they save.
_FORMAT = {"compression": "lz4", "use_dictionary": False, "write_statistics": False, "store_schema": False}


def read_table(path: Path) -> pa.Table:
    """Read a whole Parquet file; `parquet.read_table` would first import a package that takes longer than the file."""
    with parquet.ParquetFile(path) as file:
        return file.read()


@dataclass(frozen=True, slots=True)
class WaferColumns:
    """The schema's names in a table of wafers; `label` is None for wafers to predict."""

    wafer: str
    sensors: tuple[str, ...]
    label: str | None
    context: tuple[str, ...] = ()

    @classmethod
    def of(cls, schema: pa.Schema) -> "WaferColumns":
        """Read the names from a table's schema."""
        wafer, *rest = schema.names[len(ORIGIN) :]
        label = rest.pop() if pa.types.is_integer(schema.types[-1]) else None
        context = tuple(name for name in rest if pa.types.is_string(schema.field(name).type))
        return cls(wafer, tuple(rest[len(context) :]), label, context)

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns a person knows from the line: wafer, sensors, label."""
        return (self.wafer, *self.sensors, *([self.label] if self.label else []))

    def schema(self, *, kind: str, contract: str, file_names: str = "") -> pa.Schema:
        """The table's schema, with kind, contract digest and the form of file names as metadata."""
        texts = [(name, pa.string()) for name in (*ORIGIN, self.wafer, *self.context)]
        readings = [(name, pa.float64()) for name in self.sensors]
        label = [(self.label, pa.int8())] if self.label else []
        return pa.schema([*texts, *readings, *label], {"kind": kind, "contract": contract, "file_names": file_names})


def columns_at_once(wafers: int) -> int:
    """How many sensors of all wafers fit into one block of memory, as float64."""
    return max(1, BLOCK // (8 * max(wafers, 1)))


class OpenTable:
    """A Parquet file of wafers, open for reading a part at a time."""

    def __init__(self, path: Path) -> None:
        self._file = parquet.ParquetFile(path)
        self.wafers: int = self._file.metadata.num_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@contextmanager
def wafers_writer(path: Path, schema: pa.Schema) -> Iterator[parquet.ParquetWriter]:
    """Write a table of wafers; its schema's metadata becomes the file's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with parquet.ParquetWriter(path, schema, **_FORMAT) as writer:
        yield writer
        writer.add_key_value_metadata(schema.metadata)
