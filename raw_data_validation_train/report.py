"""The report of a drop for the yield engineer: what was read, what was refused and why, which sensors are silent."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from markupsafe import Markup

from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.verdicts import FILE_CODES, ROW_CODES, FileCode, FileVerdict, Finding, RowCode, Validated
from wafer.contract import Contract
from wafer.reports import badge, coded, details, notice, page, paragraph, section, table, tiles

_LINES_SHOWN = 500
_ROWS_SHOWN = 200
_NAMES_SHOWN = 5
_MESSAGE_SHOWN = 600


def write_report(path: Path, validated: Validated, quarantine: Quarantine, contract: Contract) -> None:
    """Write the self-contained HTML page; of very long lists it shows the first entries, the manifest has them all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    title = f"Validation of {_many(len(validated.files), f'{validated.kind} file', f'{validated.kind} files')}"
    subtitle = f"Contract {validated.contract[:12]}: {len(contract.sensors)} sensors" + (
        f", outcome in {contract.label}" if contract.label else ", no outcome"
    )
    text = page(title, Markup("").join(_parts(validated, quarantine, contract)), subtitle)
    path.write_bytes(text.encode())


def _parts(validated: Validated, quarantine: Quarantine, contract: Contract) -> Iterator[Markup]:
    yield _overview(validated)
    yield _summary(validated)
    if validated.bad:
        yield _refused(validated)
    if any(file.rows_are_listed for file in validated.files):
        yield _bad_rows(validated, quarantine)
    if validated.good:
        yield _accepted(validated, contract)


def _overview(validated: Validated) -> Markup:
    counts = validated.counts()
    in_refused = sum(file.rows_quarantined for file in validated.bad)
    return tiles(
        [
            ("Files", _number(counts["files"]), f"{_number(sum(file.bytes for file in validated.files) // 1000)} kB"),
            ("Good files", _number(counts["files_good"]), "used by this run"),
            ("Refused files", _number(counts["files_bad"]), "kept in the quarantine"),
            ("Wafers accepted", _number(counts["rows_good"]), f"of {_many(counts['rows_in'], 'row', 'rows')}"),
            ("Quarantined rows", _number(counts["rows_quarantined"]), f"{_number(in_refused)} of refused files"),
        ]
    )


def _summary(validated: Validated) -> Markup:
    counts = {name: _number(count) for name, count in validated.counts().items()}
    proof = (
        f"{counts['rows_in']} rows read = {counts['rows_good']} accepted + {counts['rows_quarantined']} quarantined."
    )
    if not validated.good:
        return notice("error", f"No file is good, so the run ends here. {proof}")
    if validated.bad:
        refused = _many(len(validated.bad), "file was", "files were")
        return notice("warning", f"{refused} refused; the reasons, and what to do, are below. {proof}")
    return notice("ok", f"Every file is good. {proof}")


def _refused(validated: Validated) -> Markup:
    reasons = [
        (badge("error", code), _number(count), FILE_CODES[FileCode(code)])
        for code, count in validated.files_by_code().items()
    ]
    alike: dict[tuple[Finding, ...], list[FileVerdict]] = {}
    for file in validated.bad:
        alike.setdefault(file.findings, []).append(file)
    files = [
        (_badges(findings), _sentences(findings), _names(group), _number(sum(file.rows_in for file in group)))
        for findings, group in islice(alike.items(), _LINES_SHOWN)
    ]
    return section(
        "Refused files",
        table(("Reason", "Files", "What it means"), reasons, numeric=(1,)),
        paragraph(
            "A file can have several reasons. Fix all of them and deliver the file again. Nothing of it was used."
        ),
        table(("Reasons", "What to do", "Files", "Rows"), files, numeric=(3,)),
        _more(len(alike) - _LINES_SHOWN, "group of refused files", "groups of refused files"),
    )


def _bad_rows(validated: Validated, quarantine: Quarantine) -> Markup:
    reasons = [
        (badge("warning", code), _number(count), ROW_CODES[RowCode(code)])
        for code, count in validated.rows_by_code().items()
    ]
    every = chain.from_iterable(
        ((file.name, row) for row in quarantine.rows(file.name)) for file in validated.files if file.rows_are_listed
    )
    rows = [
        (name, row.line, row.wafer, badge("warning", row.code), _cut(row.message))
        for name, row in islice(every, _ROWS_SHOWN)
    ]
    listing = table(("File", "Line", "Wafer", "Reason", "What was found"), rows, numeric=(1,))
    more = _more(sum(validated.rows_by_code().values()) - _ROWS_SHOWN, "quarantined row", "quarantined rows")
    return section(
        "Quarantined rows one by one",
        paragraph(
            "Rows of a refused file are here only if each of them has a reason of its own. "
            "The other rows of these files were accepted."
        ),
        table(("Reason", "Rows", "What it means"), reasons, numeric=(1,)),
        details(f"The rows one by one ({len(rows)})", listing + more) if len(rows) > 30 else listing + more,
    )


def _accepted(validated: Validated, contract: Contract) -> Markup:
    files = [
        (file.name, _number(file.rows_good), _number(file.rows_quarantined), _silent(file.silent))
        for file in islice(validated.good, _LINES_SHOWN)
    ]
    return section(
        "Accepted files",
        paragraph(
            "A silent sensor has no reading in the whole file. Up to "
            f"{contract.silent_sensors_allowed} of {len(contract.sensors)} may be silent. "
            "If there are many, or new ones, check whether a tool stopped reporting."
        ),
        table(("File", "Wafers", "Rows quarantined", "Silent sensors"), files, numeric=(1, 2)),
        _more(len(validated.good) - _LINES_SHOWN, "accepted file", "accepted files"),
    )


def _badges(findings: Sequence[Finding]) -> Markup:
    return Markup(" ").join(badge("error", finding.code) for finding in findings)


def _sentences(findings: Sequence[Finding]) -> Markup:
    return Markup("<br>").join(coded(_cut(finding.message)) for finding in findings)


def _names(files: Sequence[FileVerdict]) -> Markup:
    names = [Markup("{}").format(file.name) for file in files]
    if len(names) <= _NAMES_SHOWN:
        return Markup("<br>").join(names)
    shown = Markup("<br>").join(names[:_LINES_SHOWN]) + _more(len(names) - _LINES_SHOWN, "file", "files")
    return details(_many(len(names), "file", "files"), shown)


def _silent(names: Sequence[str]) -> Markup:
    if not names:
        return Markup("none")
    return details(_number(len(names)), paragraph(", ".join(names)))


def _more(count: int, one: str, many: str) -> Markup:
    return paragraph(f"… and {_many(count, one, many)} more; the manifest lists them all.") if count > 0 else Markup("")


def _cut(text: str) -> str:
    return text if len(text) <= _MESSAGE_SHOWN else f"{text[:_MESSAGE_SHOWN]}…"


def _many(count: int, one: str, many: str) -> str:
    return f"{_number(count)} {one if count == 1 else many}"


def _number(count: int) -> str:
    return f"{count:,}"
