"""What a run of outcomes publishes: every good row as table, CSV and page, and the predictions that they belong to."""

import csv
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from markupsafe import Markup
from pyarrow import parquet

from db_operation_train.matching import Matched, Row
from wafer.cells import safe_cell
from wafer.contract.manifest import Manifest, read_manifest
from wafer.errors import WaferError
from wafer.reports import notice, page, paragraph, section, table, tiles
from wafer.store import Store, files_below, layout, publish

SHOWN = 500  # rows of a list on the page
COLUMNS = ("file", "wafer", "outcome", "state", "predictions", "code", "message")


def publish_outcomes(
    matched: Matched, store: Store, run_id: str, *, manifest: Path, validation_report: Path, report: Path
) -> str:
    """Publish a run's outcomes; the folder's URI. The page goes to `report` as well."""
    with tempfile.TemporaryDirectory(prefix="wafer-outcomes-") as scratch:
        folder = Path(scratch)
        write_outcomes(matched, read_manifest(manifest), folder)
        shutil.copyfile(folder / layout.REPORT, report)
        files: dict[str, Path | bytes] = {
            **files_below(folder),
            layout.MANIFEST: manifest,
            layout.VALIDATION_REPORT: validation_report,
        }
        return publish(store, layout.published("outcomes", run_id), files, run_id=run_id)


def write_outcomes(matched: Matched, manifest: Manifest, folder: Path) -> None:
    """Write the files; raises `WaferError` unless rows in = matched + unmatched + quarantined."""
    counts, totals = matched.counts(), manifest.totals
    if totals.rows_in != counts["matched"] + counts["unmatched"] + totals.rows_quarantined:
        raise WaferError(f"Rows got lost: {totals}, {counts}. Please report this.")
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(map(_cells, matched.rows))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}
    parquet.write_table(pa.table(columns, _schema()), folder / layout.OUTCOMES)
    parquet.write_table(matched.predictions, folder / layout.MATCHED)
    with (folder / layout.OUTCOMES_CSV).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([safe_cell(each) if isinstance(each, str) else each for each in row] for row in rows)
    (folder / layout.REPORT).write_text(_page(matched, manifest), encoding="utf-8")


def _schema() -> pa.Schema:
    return pa.schema([(name, pa.int64() if name == "predictions" else pa.string()) for name in COLUMNS])


def _cells(row: Row) -> tuple[str | int, ...]:
    told = row.outcome
    return told["file"], told["wafer"], row.verdict, row.state, row.predictions, row.code, row.message


def _page(matched: Matched, manifest: Manifest) -> str:
    counts, totals = matched.counts(), manifest.totals
    body = tiles(
        [
            ("Rows", totals.rows_in, "in all files"),
            ("Matched", counts["matched"], f"to {counts['predictions']} predictions"),
            ("Unmatched", counts["unmatched"], "kept, but belong to no prediction"),
            ("Quarantined", totals.rows_quarantined, "see the validation report"),
        ]
    )
    body += paragraph(
        f"{counts['new']} outcomes are new, {counts['known']} were known, {counts['changed']} replace another."
    )
    unmatched = [row for row in matched.rows if row.code]
    changed = [row for row in matched.rows if row.state == "changed"]
    body += section("Unmatched", *_listed(unmatched, "Every row belongs to a prediction."))
    body += section("Changed", *_listed(changed, "No outcome says something else than an earlier one."))
    return page("Outcomes", body, f"{totals.files_good} of {totals.files} files")


def _listed(rows: Sequence[Row], nothing: str) -> list[Markup]:
    if not rows:
        return [notice("ok", nothing)]
    more = [paragraph(f"The first {SHOWN} of {len(rows)}; the CSV file has all.")] if len(rows) > SHOWN else []
    lines = [(each.outcome["file"], each.outcome["wafer"], each.verdict, each.message) for each in rows[:SHOWN]]
    return [*more, table(("File", "Wafer", "Outcome", "Why"), lines)]
