"""The manifest of a drop: every file's verdict, every quarantined row, and the proof that no row got lost."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.verdicts import BadRow, FileVerdict, Validated
from wafer.errors import WaferError


def write_manifest(path: Path, validated: Validated, quarantine: Quarantine) -> None:
    """Write `manifest.json`; the rows stream through, so their number does not matter.

    `rows` lists the bad rows of good files and of files without any good row; of a file refused as a whole the totals
    count the rows.
    """
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("w", encoding="ascii") as file:
        file.writelines(_pieces(validated, quarantine))
    part.replace(path)


def check_identity(validated: Validated) -> None:
    """Rows in = rows good + rows quarantined, for every file; anything else is a fault of this program."""
    for file in validated.files:
        if file.rows_in != file.rows_good + file.rows_quarantined:
            raise WaferError(
                f"Rows of {file.name} got lost: {file.rows_in} came in, {file.rows_good} are good, "
                f"{file.rows_quarantined} are in quarantine. Please report this."
            )


def _pieces(validated: Validated, quarantine: Quarantine) -> Iterator[str]:
    counts = validated.counts()
    rows = {name: counts[name] for name in ("rows_in", "rows_good", "rows_quarantined")}
    head = {
        "kind": validated.kind,
        "contract": validated.contract,
        "totals": {**counts, "bytes": sum(file.bytes for file in validated.files)},
        "identity": {**rows, "holds": rows["rows_in"] == rows["rows_good"] + rows["rows_quarantined"]},
        "files_by_code": validated.files_by_code(),
        "rows_by_code": validated.rows_by_code(),
    }
    yield json.dumps(head, indent=2).removesuffix("\n}")
    yield ',\n  "files": '
    yield from _list(_file(file) for file in validated.files)
    yield ',\n  "rows": '
    listed = (file for file in validated.files if file.rows_are_listed)
    yield from _list(
        chain.from_iterable((_row(file.name, row) for row in quarantine.rows(file.name)) for file in listed)
    )
    yield "\n}\n"


def _list(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON list with one item a line."""
    between = "["
    for item in items:
        yield f"{between}\n    {json.dumps(item)}"
        between = ","
    yield "[]" if between == "[" else "\n  ]"


def _file(file: FileVerdict) -> dict[str, Any]:
    return {
        "name": file.name,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "verdict": file.verdict,
        "codes": list(file.codes),
        "messages": [finding.message for finding in file.findings],
        "warnings": list(file.warnings),
        "rows_in": file.rows_in,
        "rows_good": file.rows_good,
        "rows_quarantined": file.rows_quarantined,
        "row_codes": dict(file.row_codes),
        "silent_sensors": len(file.silent),
    }


def _row(name: str, row: BadRow) -> dict[str, Any]:
    return {"file": name, "line": row.line, "wafer": row.wafer, "code": row.code, "message": row.message}
