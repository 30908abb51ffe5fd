"""The ids of one file's wafers: the id column as it stands, or made of columns, file name and row number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from raw_data_validation_train.header import Layout
from raw_data_validation_train.lines import Block
from wafer.contract import Contract
from wafer.contract.wafer_ids import FILE, ID, ROW, IdTemplate, as_id

_ENDINGS = re.compile(r"(\.(csv|txt|tsv|data|dat|xlsx|xls|ods))?(\.gz)?$", re.IGNORECASE)


def without_ending(name: str) -> str:
    """A file's name without what says its form."""
    return _ENDINGS.sub("", name)


@dataclass(frozen=True, slots=True)
class WaferIds:
    """Makes the ids of one file; `first_row` is the line of its first row."""

    template: IdTemplate
    columns: tuple[int, ...]  # where the fields of the template stand that are columns
    file: str
    first_row: int

    @classmethod
    def of(cls, layout: Layout, contract: Contract, name: str, first_row: int) -> "WaferIds":
        """The ids of the file of this name."""
        return cls(contract.policy.id_template, layout.key, as_id(without_ending(name)), first_row)

    @property
    def as_they_stand(self) -> bool:
        """Whether the id column is the id."""
        return self.template.is_column

    def of_block(self, batch: pa.RecordBatch, block: Block) -> list[str]:
        """The ids of a parsed block, whose first columns are those of the template."""
        columns = [batch.column(at).to_pylist() for at in range(len(self.columns))]
        lines = range(block.first_line, block.first_line + batch.num_rows)
        return [self._made(texts, line) for line, *texts in zip(lines, *columns, strict=True)]

    def of_row(self, cells: Sequence[str], line: int) -> str:
        """The id of one row."""
        texts = [cells[at] for at in self.columns]
        if self.as_they_stand:
            return texts[0] if texts else ""
        return self._made(texts, line) if len(texts) == len(self.template.columns) else ""

    def _made(self, texts: Sequence[str], line: int) -> str:
        if not all(texts):
            return ""  # without one of its parts it would be the id of several wafers
        parts = {name: text if name == ID else as_id(text.strip()) for name, text in self._named(texts)}
        return self.template.filled(parts | {FILE: self.file, ROW: str(line - self.first_row + 1)})

    def _named(self, texts: Sequence[str]) -> "zip[tuple[str, str]]":
        return zip(self.template.columns, texts, strict=True)
