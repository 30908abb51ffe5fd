"""Validate a drop: every file gets a verdict, good rows are used, everything else is kept with its reasons."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from raw_data_validation_train.duplicates import Fingerprints, Repeats, find_repeats
from raw_data_validation_train.file_names import is_opened
from raw_data_validation_train.inspection import Inspection, Inspector, accepted_path
from raw_data_validation_train.joining import Drop, with_outcomes
from raw_data_validation_train.manifest import check_identity, manifest_of, write_manifest
from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.repeats import without_repeats
from raw_data_validation_train.report import write_report
from raw_data_validation_train.unreadable import without_unreadable
from raw_data_validation_train.verdicts import FileVerdict, Validated
from wafer.contract import Contract
from wafer.contract.manifest import Manifest
from wafer.engine import Engine, Given, Inline
from wafer.errors import NoGoodFiles, PublishConflict, SourceEmpty, SourceNotFound
from wafer.files import TEMPORARY
from wafer.process import cores
from wafer.progress import reported
from wafer.store import MARKER, Batch, Store, fetch, files_below, is_s3, layout, list_batches, publish


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
        with _readable(*there):
            drop = with_outcomes(there, contract, joined)
        drop = replace(drop, refused={**drop.refused, **unreadable})
        judge = _Judge(drop, (accepted, quarantine, Path(scratch)), kept)
        validated = Validated(
            contract.kind, contract.digest, tuple(judge.verdicts(engine or Inline())), contract.other_spellings()
        )
    for folder in (accepted, quarantine):
        _sweep(folder)
    check_identity(validated)
    write_manifest(manifest, validated, kept)
    write_report(report, validated, kept, contract)
    return validated


class _Judge:
    """Two rounds over a drop: each file by itself, then the wafers that are in it more than once."""

    def __init__(self, drop: Drop, folders: tuple[Path, Path, Path], quarantine: Quarantine) -> None:
        self._drop = drop.batches
        self._contract = drop.contract
        self._refused = drop.refused
        self._quarantine = quarantine
        self._folders = folders  # accepted, quarantine, fingerprints
        self._names = [batch.name for batch in drop.batches]

    def verdicts(self, engine: Engine) -> list[FileVerdict]:
        """The verdict on every file, in their order."""
        inspect = partial(
            inspect_batch, inspector=Inspector(self._contract, self._refused), names=self._quarantine.names
        )
        done = engine.run(inspect, _given(self._drop, engine), *self._folders)
        verdicts = list(reported(done, len(self._drop), "files"))
        inspections = [Inspection(verdict, _fingerprints(verdict, self._folders[2])) for verdict in verdicts]
        repeats = find_repeats([inspection.rows for inspection in inspections], self._times())
        second_round = partial(self._take_out_repeats, inspections)
        with ThreadPoolExecutor(cores()) as pool:
            for file, verdict in zip(repeats, pool.map(second_round, repeats, repeats.values()), strict=True):
                verdicts[file] = verdict
        return verdicts

    def _times(self) -> list[int] | None:
        """The place of every file in the order of time, as the names say it; None where no measurement is later."""
        if self._contract.policy.second_measurement == "refuse":
            return None
        stamps = [self._contract.file_name.stamp(name) for name in self._names]
        known = sorted(stamp for stamp in stamps if stamp)
        if len(known) < len(stamps):
            return list(range(len(stamps)))
        return [known.index(stamp) for stamp in stamps if stamp]

    def _take_out_repeats(self, inspections: Sequence[Inspection], file: int, repeats: Repeats) -> FileVerdict:
        batch = self._drop[file]
        with _at_hand(batch) as path:
            return without_repeats(
                inspections[file],
                repeats,
                self._names,
                source=path,
                accepted=accepted_path(self._folders[0], batch.name),
                quarantine=self._quarantine,
                contract=self._contract,
            )


def inspect_batch(
    batch: Batch, accepted: Path, quarantine: Path, fingerprints: Path, inspector: Inspector, names: Sequence[str]
) -> FileVerdict:
    """Judge one file by itself: a unit of work."""
    with _at_hand(batch) as path:
        inspection = inspector.inspect(path, batch.name, accepted, Quarantine(quarantine, names))
    if inspection.verdict.verdict == "good":
        inspection.rows.save(_fingerprints_path(batch.name, fingerprints))
    return inspection.verdict


def _fingerprints(verdict: FileVerdict, folder: Path) -> Fingerprints:
    if verdict.verdict == "bad":
        return Fingerprints.joined([])
    return Fingerprints.load(_fingerprints_path(verdict.name, folder))


def _fingerprints_path(name: str, folder: Path) -> Path:
    return accepted_path(folder, name).with_suffix(".npy")


def _given(drop: Sequence[Batch], engine: Engine) -> list[Batch]:
    """The batches where the engine's units can read them: files of this machine are given, S3 is there for all."""
    local = [batch for batch in drop if not is_s3(batch.uri)]
    with _readable(*local):
        given = dict(zip(local, engine.give([Path(batch.uri) for batch in local]), strict=True))
    return [_moved(batch, given[batch]) if batch in given else batch for batch in drop]


def _moved(batch: Batch, given: Given) -> Batch:
    return replace(batch, uri=given.uri, version=given.sha256)


@contextmanager
def _at_hand(batch: Batch) -> Iterator[Path]:
    """The file on this machine; a downloaded one goes again, so disk use does not grow with the drop."""
    with tempfile.TemporaryDirectory(prefix="batch-") if is_s3(batch.uri) else nullcontext("") as scratch:
        path = fetch(batch, Path(scratch))
        with _readable(replace(batch, uri=str(path))):
            yield path


@contextmanager
def _readable(*batches: Batch) -> Iterator[None]:
    """Raise SourceNotFound for a batch on this machine that the operating system does not let us read."""
    try:
        yield
    except OSError as exc:
        batch = next((batch for batch in batches if batch.uri == str(exc.filename)), None)
        if batch is None:
            raise
        raise SourceNotFound(f"{batch.name} cannot be read: {exc.strerror}. Check its permissions.") from exc


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
