"""The export of the load stage, read a part at a time: row group by row group, or some sensors of all wafers."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from wafer.errors import DataUnlearnable, SourceNotFound
from wafer.wafers.arrays import EXPORT_FILE, Bools, Floats, Ints, Wafers, readings_of, wafers_from_table
from wafer.wafers.table import OpenTable, WaferColumns, wafers_writer


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
        """The form of the files' names (`FileName.to_json`); empty where nobody named it."""
        metadata: dict[bytes, bytes] = self._file.schema_arrow.metadata or {}
        return metadata.get(b"file_names", b"")

    def first(self, count: int, columns: Sequence[str]) -> pa.Table:
        """Some columns of the first wafers."""
        return pa.Table.from_batches([next(self._file.iter_batches(count, columns=list(columns)))])

    def tables(self) -> Iterator[pa.Table]:
        """Every column, one row group after the other."""
        for group in range(self._file.num_row_groups):
            yield self._file.read_row_group(group)

    def parts(self, groups: Iterable[int] | None = None) -> Iterator[Wafers]:
        """The same as wafers; of some row groups, or of all."""
        for group in range(self._file.num_row_groups) if groups is None else groups:
            yield self._wafers(self._file.read_row_group(group))

    @property
    def rows_of_groups(self) -> list[int]:
        """How many wafers each row group has."""
        return [self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups)]

    def at(self, positions: Ints) -> Iterator[tuple[Ints, Wafers]]:
        """The wafers at ascending positions, with their positions, one row group after the other."""
        start = 0
        for group, rows in enumerate(self.rows_of_groups):
            here = positions[(positions >= start) & (positions < start + rows)]
            if len(here):
                yield here, self._wafers(self._file.read_row_group(group).take(pa.array(here - start)))
            start += rows

    def copy(self, groups: Iterable[int], path: Path) -> None:
        """Write some row groups to a file of their own."""
        with wafers_writer(path, self._file.schema_arrow) as writer:
            for group in groups:
                writer.write_table(self._file.read_row_group(group))

    def _wafers(self, table: pa.Table) -> Wafers:
        of = self.columns
        return wafers_from_table(table, sensors=of.sensors, wafer=of.wafer, label=of.label, context=of.context)

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
