"""Judge the files of a drop, each as a unit of work, then the wafers that are in it more than once."""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from raw_data_validation_train.duplicates import Fingerprints, Repeats, find_repeats
from raw_data_validation_train.inspection import Inspection, Inspector, accepted_path
from raw_data_validation_train.joining import Drop
from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.repeats import without_repeats
from raw_data_validation_train.verdicts import FileVerdict
from wafer.engine import Engine, Given
from wafer.errors import SourceNotFound
from wafer.process import cores
from wafer.progress import reported
from wafer.store import Batch, fetch, is_s3


class Judge:
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
    with readable(*local):
        given = dict(zip(local, engine.give([Path(batch.uri) for batch in local]), strict=True))
    return [_moved(batch, given[batch]) if batch in given else batch for batch in drop]


def _moved(batch: Batch, given: Given) -> Batch:
    return replace(batch, uri=given.uri, version=given.sha256)


@contextmanager
def _at_hand(batch: Batch) -> Iterator[Path]:
    """The file on this machine; a downloaded one goes again, so disk use does not grow with the drop."""
    with tempfile.TemporaryDirectory(prefix="batch-") if is_s3(batch.uri) else nullcontext("") as scratch:
        path = fetch(batch, Path(scratch))
        with readable(replace(batch, uri=str(path))):
            yield path


@contextmanager
def readable(*batches: Batch) -> Iterator[None]:
    """Raise SourceNotFound for a batch on this machine that the operating system does not let us read."""
    try:
        yield
    except OSError as exc:
        batch = next((batch for batch in batches if batch.uri == str(exc.filename)), None)
        if batch is None:
            raise
        raise SourceNotFound(f"{batch.name} cannot be read: {exc.strerror}. Check its permissions.") from exc
