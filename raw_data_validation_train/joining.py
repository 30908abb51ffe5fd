"""Outcomes that lie in a table of their own next to each file: both become one table before it is judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from raw_data_validation_train.header import split_row
from raw_data_validation_train.lines import FileLines
from raw_data_validation_train.verdicts import FileCode, Finding
from raw_data_validation_train.wafer_ids import without_ending
from wafer.contract import Contract
from wafer.contract.text import Text
from wafer.files import complete_file, local_name
from wafer.store import Batch, fetch


@dataclass(frozen=True, slots=True)
class Drop:
    """The files to judge, by which contract, and what is known to be wrong with some before they are read."""

    batches: tuple[Batch, ...]
    contract: Contract
    refused: Mapping[str, Finding]


class _DoNotFit(Exception):
    """The two tables cannot be joined; the text says why."""


def with_outcomes(batches: Sequence[Batch], contract: Contract, folder: Path) -> Drop:
    """The files of readings, each with the outcomes next to it written to `folder`; tables of outcomes are no batches.

    A joined file is plain UTF-8, so the contract of the drop says so; its digest stays. Its lines, bytes and sha256
    are those of both tables together.
    """
    if not contract.policy.outcomes_table.file:
        return Drop(tuple(batches), contract, {})
    named = {batch.name: batch for batch in batches}
    pairs = {batch: named.get(_table_of(batch, contract)) for batch in batches}
    readings = [batch for batch in batches if batch not in pairs.values()]
    if contract.label is None:
        return Drop(tuple(readings), contract, {})
    return _joined({batch: pairs[batch] for batch in readings}, contract, folder)


def _table_of(batch: Batch, contract: Contract) -> str:
    return contract.policy.outcomes_table.name_for(without_ending(batch.name))


def _joined(pairs: Mapping[Batch, Batch | None], contract: Contract, folder: Path) -> Drop:
    refused: dict[str, Finding] = {}
    batches = []
    for batch, outcomes_table in pairs.items():
        try:
            batches.append(_join(batch, outcomes_table, contract, folder))
        except _DoNotFit as exc:
            refused[batch.name] = Finding(FileCode.OUTCOMES_TABLE, str(exc))
            batches.append(batch)
    policy = contract.policy.model_copy(update={"text": contract.policy.text.as_utf8})
    return Drop(tuple(batches), replace(contract, policy=policy), refused)


def _join(batch: Batch, outcomes_table: Batch | None, contract: Contract, folder: Path) -> Batch:
    if outcomes_table is None:
        raise _DoNotFit(
            f"The table of its outcomes, `{_table_of(batch, contract)}`, does not lie next to it. Add it, or correct "
            "`outcomes_table` in the policy."
        )
    outcomes = _Outcomes.read(fetch(outcomes_table, folder), outcomes_table.name, contract)
    path = folder / f"joined-{local_name(batch.name)}"
    with complete_file(path, durable=False) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(
            f"{line}\n"
            for line in outcomes.added_to(_lines(fetch(batch, folder), batch.name, contract, contract.policy.text))
        )
    return replace(batch, uri=str(path), bytes=path.stat().st_size)


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """The outcomes of one table, in its order, with the ids of their wafers where they are joined by id."""

    name: str
    contract: Contract
    outcomes: tuple[str, ...]
    ids: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, name: str, contract: Contract) -> "_Outcomes":
        """Read a table of outcomes."""
        table = contract.policy.outcomes_table
        text = table.form(contract.policy.text)
        lines = list(_lines(path, name, contract, text))[text.lines_before_header :]
        header = _cells(text.names_in(lines[0]), text, name) if text.header and lines else []
        rows = [_cells(line, text, name) for line in lines[text.header + text.lines_after_header :] if line]
        at = _place(contract.label or "", header, contract, f"`{name}`") if header else table.column - 1
        id_at = _place(contract.id_column, header, contract, f"`{name}`") if table.by == "id" else at
        if any(max(at, id_at) >= len(row) for row in rows):
            raise _DoNotFit(f"A row of `{name}` has no column {max(at, id_at) + 1}. Export the outcomes again.")
        return cls(name, contract, tuple(row[at] for row in rows), tuple(row[id_at] for row in rows))

    def added_to(self, lines: Iterator[str]) -> Iterator[str]:
        """The lines of the readings, each with its outcome at the end."""
        text = self.contract.policy.text
        for _ in range(text.lines_before_header):
            yield next(lines, "")
        header = text.names_in(next(lines, "")) if text.header else ""
        if text.header:
            yield f"{header}{text.separator}{_quoted(self.contract.label or '', text)}"
        for _ in range(text.lines_after_header):
            yield f"{next(lines, '')}{text.separator}"
        rows = (line for line in lines if line)
        by_id = self.contract.policy.outcomes_table.by == "id"
        for line, outcome in self._by_id(header, rows) if by_id else self._by_order(rows):
            yield f"{line}{text.separator}{_quoted(outcome, text)}"

    def _by_order(self, rows: Iterator[str]) -> Iterator[tuple[str, str]]:
        count = 0
        for count, line in enumerate(rows, start=1):
            if count <= len(self.outcomes):
                yield line, self.outcomes[count - 1]
        if count != len(self.outcomes):
            raise _DoNotFit(
                f"`{self.name}` has {len(self.outcomes)} outcomes for {count} wafers, so their order does not say of "
                "which. Export both tables again."
            )

    def _by_id(self, header: str, rows: Iterator[str]) -> Iterator[tuple[str, str]]:
        text = self.contract.policy.text
        at = _place(self.contract.id_column, _cells(header, text, self.name), self.contract, "The table of readings")
        known = dict(zip(self.ids, self.outcomes, strict=True))
        if contrary := [
            wafer for wafer, outcome in zip(self.ids, self.outcomes, strict=True) if known[wafer] != outcome
        ]:
            raise _DoNotFit(f"`{self.name}` has several outcomes of the wafer `{contrary[0]}`. Which one is right?")
        for line in rows:
            cells = split_row(line, text.separator) or []
            yield line, known.get(cells[at].strip(), "") if at < len(cells) else ""


def _lines(path: Path, name: str, contract: Contract, text: Text) -> Iterator[str]:
    """Every line of a file of this form."""
    lines = FileLines(path, contract.policy.limits, text=text)
    for block in lines:
        yield from (line.decode() for line in block.data.splitlines())
    if lines.trouble:
        raise _DoNotFit(f"`{name}` cannot be read: {lines.trouble.message}")


def _cells(line: str, text: Text, name: str) -> list[str]:
    cells = split_row(line, text.separator)
    if cells is None:
        raise _DoNotFit(f"The quotes of a line of `{name}` do not match. Export it again.")
    return [cell.strip() for cell in cells]


def _place(column: str, header: Sequence[str], contract: Contract, name: str) -> int:
    """Where a column of the contract stands."""
    spellings = contract.spellings()
    for at, cell in enumerate(header):
        if spellings.get(contract.policy.columns.key(cell)) == column:
            return at
    raise _DoNotFit(f"{name} has no column `{column}`, by which its outcomes are joined. Name it as in the schema.")


def _quoted(cell: str, text: Text) -> str:
    return '"' + cell.replace('"', '""') + '"' if text.separator in cell or '"' in cell else cell
