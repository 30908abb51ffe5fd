"""One file held against the contract: its verdict, its good rows as Parquet, its bad rows in the quarantine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from raw_data_validation_train.accepted import AcceptedFile
from raw_data_validation_train.duplicates import Fingerprints
from raw_data_validation_train.file_names import check_name, is_opened
from raw_data_validation_train.header import Headers
from raw_data_validation_train.lines import Block, FileLines
from raw_data_validation_train.quarantine import Quarantine, RowList
from raw_data_validation_train.reading import Reading
from raw_data_validation_train.verdicts import FileCode, FileVerdict, Finding
from wafer.contract import Contract
from wafer.files import sha256_of, stem
from wafer.wafers.accepted import accepted_metadata, accepted_schema


class Inspection(NamedTuple):
    """The verdict on one file by itself, and what later tells whether its wafers stand in other files too."""

    verdict: FileVerdict
    rows: Fingerprints


@dataclass(frozen=True, slots=True)
class _Form:
    """What the files of a drop may look like: a contract, what reads headers by it, the table of good rows."""

    contract: Contract
    headers: Headers
    schema: pa.Schema

    @classmethod
    def of(cls, contract: Contract) -> "_Form":
        return cls(contract, Headers(contract), accepted_schema(contract))


@dataclass(frozen=True)
class Inspector:
    """Inspects the files of one drop; may be used from several threads, and sent to other processes."""

    contract: Contract
    refused: Mapping[str, Finding] = field(default_factory=dict)  # by the name of the file

    def __reduce__(self) -> tuple[type["Inspector"], tuple[Contract, Mapping[str, Finding]]]:
        return Inspector, (self.contract, self.refused)

    @cached_property
    def _whole(self) -> _Form:
        return _Form.of(self.contract)

    @cached_property
    def _outcomes_alone(self) -> _Form:
        return _Form.of(self.contract.without_readings)

    def inspect(self, path: Path, name: str, accepted: Path, quarantine: Quarantine) -> Inspection:
        """Judge one file and put its good rows, its bad rows, or the whole of it where they belong."""
        findings = list(check_name(name, self.contract))
        if name in self.refused:
            findings.append(self.refused[name])
        limit = self.contract.policy.limits.file_bytes
        size = path.stat().st_size
        if size > limit:
            message = (
                f"The file has {size:,} bytes, the policy allows {limit:,}. Split it, or raise `limits.file_bytes`."
            )
            findings.append(Finding(FileCode.FILE_TOO_LARGE, message))
        if size > limit or name in self.refused or not is_opened(name, self.contract):
            result = Inspection(_unopened(path, name, findings), Fingerprints.joined([]))
        else:
            result = self._read(path, name, findings, accepted_path(accepted, name), quarantine)
        if result.verdict.findings and FileCode.UNREADABLE not in result.verdict.codes:
            quarantine.keep_file(path, name)
        return result

    def _read(self, path: Path, name: str, findings: list[Finding], good: Path, quarantine: Quarantine) -> Inspection:
        text = self.contract.policy.text
        lines = FileLines(path, self.contract.policy.limits, text=text)
        form = self._form(FileLines(path, self.contract.policy.limits, text=text))
        reading = Reading(form.contract, form.headers, name, keep=not findings)
        accepted = AcceptedFile(good, form.schema)
        listed = RowList(quarantine.rows_path(name), name)
        for rows in reading.rows(lines):
            if reading.keeps:
                accepted.write(rows.table)
                listed.write(rows.bad)
        findings += reading.findings(lines)
        verdict = reading.verdict(name, lines, findings)
        if verdict.rows_are_listed:
            listed.close()
        else:
            listed.discard()
        if verdict.findings:
            accepted.discard()
            return Inspection(verdict, Fingerprints.joined([]))
        accepted.close(accepted_metadata(form.contract, name, lines.sha256))
        return Inspection(verdict, Fingerprints.joined(reading.fingerprints))

    def _form(self, lines: Iterable[Block]) -> _Form:
        """What a file is held against, by its header; only a file of outcomes may come without readings."""
        if self.contract.kind == "outcomes" and self.contract.policy.text.header:
            for block in lines:
                header, _ = _header_of(block, self.contract.policy.text.lines_before_header)
                return self._outcomes_alone if self._whole.headers.say_outcomes_alone(header) else self._whole
        return self._whole


def accepted_path(folder: Path, name: str) -> Path:
    """Where the good rows of a file go."""
    return folder / f"{stem(name)}.parquet"


def _header_of(block: Block, skipped: int) -> tuple[bytes, Block]:
    """The line after so many others, and the lines after it."""
    for _ in range(skipped):
        _, block = block.without_header()
    return block.without_header()


def _unopened(path: Path, name: str, findings: list[Finding]) -> FileVerdict:
    return FileVerdict(name, path.stat().st_size, sha256_of(path), tuple(findings))
