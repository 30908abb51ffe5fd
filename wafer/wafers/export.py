"""The export of the load stage, read a part at a time: row group by row group, or some sensors of all wafers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from wafer.errors import DataUnlearnable, SourceNotFound
from wafer.wafers.arrays import EXPORT_FILE, Bools, Floats, Wafers, readings_of, wafers_from_table
from wafer.wafers.table import OpenTable, WaferColumns


class ExportFile(OpenTable):
    """`wafers.parquet` of an export directory, or the file itself, open for reading. Raises SourceNotFound."""

    def __init__(self, export: Path) -> None:
        path = export if export.is_file() else export / EXPORT_FILE
        if not path.is_file():
            raise SourceNotFound(f"{export} holds no {EXPORT_FILE}; give the export directory of the load stage.")
        super().__init__(path)
        self.path = path
        self.columns = WaferColumns.of(self._file.schema_arrow)

    @property
    def failed(self) -> Bools:
        """Which wafers failed, (wafers,). Raises DataUnlearnable where nobody knows yet."""
        if self.columns.label is None:
            raise DataUnlearnable("The wafers have no outcome, so there is nothing to learn. Give labelled batches.")
        labels = self._file.read(columns=[self.columns.label])[0]
        return np.asarray(labels.to_numpy(zero_copy_only=False) > 0)

    @property
    def file_names(self) -> bytes:
        """The form of the files' names (`FileName.to_json`); empty where nobody said it."""
        metadata: dict[bytes, bytes] = self._file.schema_arrow.metadata or {}
        return metadata.get(b"file_names", b"")

    def first(self, count: int, columns: Sequence[str]) -> pa.Table:
        """Some columns of the first wafers."""
        return pa.Table.from_batches([next(self._file.iter_batches(count, columns=list(columns)))])

    def tables(self) -> Iterator[pa.Table]:
        """Every column, one row group after the other."""
        for group in range(self._file.num_row_groups):
            yield self._file.read_row_group(group)

    def parts(self) -> Iterator[Wafers]:
        """The same as wafers."""
        for table in self.tables():
            of = self.columns
            yield wafers_from_table(table, sensors=of.sensors, wafer=of.wafer, label=of.label, context=of.context)

    def readings(self, sensors: Sequence[str], chosen: Bools) -> Floats:
        """Some sensors of the chosen wafers, (chosen, sensors) in the order of columns in memory."""
        found = np.empty((int(chosen.sum()), len(sensors)), order="F")
        row = place = 0
        for group in range(self._file.num_row_groups):
            table = self._file.read_row_group(group, columns=list(sensors))
            some = chosen[row : row + len(table)]
            here = readings_of(table, sensors)[some]
            found[place : place + len(here)] = here
            row, place = row + len(table), place + len(here)
        return found
