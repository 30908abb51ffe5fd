"""The manifest of a validated drop, and the proof that no row got lost."""

from collections.abc import Iterator
from pathlib import Path

from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.verdicts import FileVerdict, Validated
from wafer.contract.manifest import Manifest, ManifestFile, ManifestRow, Totals
from wafer.errors import WaferError


def write_manifest(path: Path, validated: Validated, quarantine: Quarantine) -> None:
    """Write `manifest.json`.

    `rows` lists the bad rows of good files and of files without any good row; of a file refused as a whole the totals
    count the rows.
    """
    manifest_of(validated).write(path, _rows(validated, quarantine))


def manifest_of(validated: Validated) -> Manifest:
    """The manifest without its rows."""
    return Manifest(
        kind=validated.kind,
        contract=validated.contract,
        totals=Totals(**validated.counts(), bytes=sum(file.bytes for file in validated.files)),
        files_by_code=validated.files_by_code(),
        rows_by_code=validated.rows_by_code(),
        files=tuple(_file(file) for file in validated.files),
        spellings=validated.spellings,
    )


def check_identity(validated: Validated) -> None:
    """Rows in = rows good + rows quarantined, for every file; anything else is a fault of this program."""
    for file in validated.files:
        if file.rows_in != file.rows_good + file.rows_quarantined:
            raise WaferError(
                f"Rows of {file.name} got lost: {file.rows_in} came in, {file.rows_good} are good, "
                f"{file.rows_quarantined} are in quarantine. Please report this."
            )


def _file(file: FileVerdict) -> ManifestFile:
    return ManifestFile(
        name=file.name,
        bytes=file.bytes,
        sha256=file.sha256,
        verdict=file.verdict,
        codes=file.codes,
        messages=tuple(finding.message for finding in file.findings),
        warnings=file.warnings,
        rows_in=file.rows_in,
        rows_good=file.rows_good,
        rows_quarantined=file.rows_quarantined,
        row_codes=dict(file.row_codes),
        silent_sensors=len(file.silent),
    )


def _rows(validated: Validated, quarantine: Quarantine) -> Iterator[ManifestRow]:
    for file in validated.files:
        if file.rows_are_listed:
            for row in quarantine.rows(file.name):
                yield ManifestRow(file.name, row.line, row.wafer, row.code, row.message)
