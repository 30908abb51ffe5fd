"""Validate a drop: every file gets a verdict, good rows are used, everything else is kept with its reasons."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from raw_data_validation_train.file_names import is_opened
from raw_data_validation_train.joining import with_outcomes
from raw_data_validation_train.judging import Judge, readable
from raw_data_validation_train.manifest import check_identity, manifest_of, write_manifest
from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.report import write_report
from raw_data_validation_train.unreadable import without_unreadable
from raw_data_validation_train.verdicts import Validated
from wafer.contract import Contract
from wafer.contract.manifest import Manifest
from wafer.engine import Engine, Inline
from wafer.errors import NoGoodFiles, PublishConflict, SourceEmpty
from wafer.files import TEMPORARY
from wafer.store import MARKER, Batch, Store, files_below, layout, list_batches, publish


def validate_source(
    source: str,
    contract: Contract,
    engine: Engine | None = None,
    *,
    accepted: Path,
    manifest: Path,
    report: Path,
    store: Store,
    run_id: str,
    also: str = "",
) -> Validated:
    """Validate a folder or an S3 prefix; the quarantine is published with manifest and report.

    `also` is a second place, whose files have other names: both are one drop.

    Raises SourceNotFound, SourceEmpty, and NoGoodFiles once everything is written and published.
    """
    with tempfile.TemporaryDirectory(prefix="quarantine-") as scratch:
        quarantine = Path(scratch) / "quarantine"
        batches = [*list_batches(source), *(list_batches(also) if also else ())]
        validated = _validate(batches, contract, accepted, manifest, quarantine, report, engine)
        files: dict[str, Path | bytes] = {layout.QUARANTINE_MANIFEST: manifest, layout.QUARANTINE_REPORT: report}
        publish(store, layout.quarantine(run_id), files | files_below(quarantine), run_id=run_id)
    return _with_good_files(validated)


def validate_batches(
    batches: Sequence[Batch],
    contract: Contract,
    engine: Engine | None = None,
    *,
    accepted: Path,
    manifest: Path,
    quarantine: Path,
    report: Path,
) -> Validated:
    """Validate batch files into an `accepted` folder of Parquet files, a quarantine folder, a manifest and a report.

    The engine reads the files, each of them a unit. Raises SourceEmpty when
    none of the files is CSV, PublishConflict when the quarantine folder is in use, and NoGoodFiles once everything is
    written.
    """
    return _with_good_files(_validate(batches, contract, accepted, manifest, quarantine, report, engine))


def judge_batches(batches: Sequence[Batch], contract: Contract) -> Manifest:
    """The verdicts that a run would give, with nothing left behind. Raises SourceEmpty when no file is a batch."""
    with tempfile.TemporaryDirectory(prefix="judged-") as scratch:
        folder = Path(scratch)
        parts = folder / "accepted", folder / layout.MANIFEST, folder / "quarantine", folder / layout.REPORT
        return manifest_of(_validate(batches, contract, *parts, engine=None))


def _with_good_files(validated: Validated) -> Validated:
    if not validated.good:
        reasons = ", ".join(f"{count} {code}" for code, count in validated.files_by_code().items())
        raise NoGoodFiles(
            f"All {len(validated.files)} files were refused ({reasons}). "
            "The manifest and the report say what to do about each."
        )
    return validated


def _validate(
    batches: Sequence[Batch],
    contract: Contract,
    accepted: Path,
    manifest: Path,
    quarantine: Path,
    report: Path,
    engine: Engine | None,
) -> Validated:
    there = [batch for batch in sorted(batches) if not batch.name.startswith(".") and batch.name != MARKER]
    if not any(is_opened(batch.name, contract) for batch in there):
        raise SourceEmpty(_nothing_to_read(there, contract))
    _make_room(accepted, quarantine)
    kept = Quarantine(quarantine, (batch.name for batch in there))
    with tempfile.TemporaryDirectory(prefix="fingerprints-") as scratch:
        (joined := Path(scratch) / "joined").mkdir()
        there, unreadable = without_unreadable(there, Path(scratch) / "empty")
        with readable(*there):
            drop = with_outcomes(there, contract, joined)
        drop = replace(drop, refused={**drop.refused, **unreadable})
        judge = Judge(drop, (accepted, quarantine, Path(scratch)), kept)
        validated = Validated(
            contract.kind, contract.digest, tuple(judge.verdicts(engine or Inline())), contract.other_spellings()
        )
    for folder in (accepted, quarantine):
        _sweep(folder)
    check_identity(validated)
    write_manifest(manifest, validated, kept)
    write_report(report, validated, kept, contract)
    return validated


def _nothing_to_read(drop: Sequence[Batch], contract: Contract) -> str:
    """What lies at the source instead of batches."""
    if not drop:
        return "The source has no file directly in it. Give the folder or prefix that holds the batches themselves."
    kinds = Counter(Path(batch.name).suffix or "no ending" for batch in drop)
    lies = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(5))
    example = f'"*{Path(drop[0].name).suffix}"'
    return (
        f"The source has no CSV file, but {len(drop)} others ({lies}; for example `{drop[0].name}`). Give the folder "
        f"or prefix with the batches, named like `{contract.file_name.example}`, or write "
        f"`file_name: {{form: {example}}}` in the policy to read these."
    )


def _make_room(accepted: Path, quarantine: Path) -> None:
    """Remove what an earlier attempt left among the accepted files; never touch anything else."""
    accepted.mkdir(parents=True, exist_ok=True)
    for path in accepted.glob("*.parquet"):
        path.unlink()
    _sweep(accepted)
    for folder in (accepted, quarantine):
        if folder.is_dir() and any(folder.iterdir()):
            raise PublishConflict(f"{folder} already has files; choose an empty folder.")


def _sweep(folder: Path) -> None:
    """Remove what a killed process had begun."""
    for path in folder.glob(f"{TEMPORARY}*"):
        path.unlink()
