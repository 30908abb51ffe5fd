"""Wafers are judged in buckets: consecutive row groups of the export, each a unit of work that leaves two files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pred_pipeline.answers import answers_of, joined_answers
from wafer.engine import Engine, Given, GivenFolder
from wafer.evaluation.drift import Movement
from wafer.files import complete_file
from wafer.model.assembly import load_bundle, verify_bundle
from wafer.model.out_of_fold import Known
from wafer.model.scoring import ModelBundle
from wafer.progress import advance, counted
from wafer.wafers.arrays import Ints
from wafer.wafers.export import ExportFile

AT_ONCE = 1  # buckets in this process: each holds a row group, its features and what the trees do with them
BUCKET_WAFERS = 16_384  # at least; some 4 s of work
_KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Served:
    """A model bundle here, and its files for whoever judges by it."""

    bundle: ModelBundle
    files: GivenFolder


def served(folder: Path, engine: Engine, expected_digest: str | None = None) -> Served:
    """Load a bundle and give it to an engine. Raises BundleRejected for one that is not the registered one."""
    digest = verify_bundle(folder, expected_digest).digest
    files = GivenFolder.of(folder, engine)
    return Served(_loaded(files, digest), files)


@lru_cache(maxsize=1)
def _loaded(files: GivenFolder, digest: str) -> ModelBundle:
    """Once in each process, which does one bucket after the other."""
    with files.at_hand() as folder:
        return load_bundle(folder, digest)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some row groups of a Parquet file of wafers as a unit of work; `place` names the files that it leaves."""

    name: str
    place: str
    wafers: Given
    groups: range
    model: GivenFolder
    digest: str  # of the model
    budget: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What a bucket left."""

    answers: pa.Table
    keys: Known
    movement: dict[str, Ints]  # empty where it was not counted


def judged(
    export: ExportFile,
    model: Served,
    budget: float,
    engine: Engine,
    scratch: Path,
    least: int = BUCKET_WAFERS,
    *,
    moves: bool,
) -> Iterator[Judged]:
    """Judge all wafers of an export in buckets of at least so many; yields the buckets in the order of the export.

    `moves` says whether to count how far the readings have moved away from the training.
    """
    units = _buckets(export, model, budget, engine, scratch, least)
    with counted(export.wafers, "wafers judged") as reach:
        done = 0
        for unit, wafers in zip(units, engine.run(partial(judge, moves=moves), units, scratch), strict=True):
            reach(done := done + wafers)
            yield _left(scratch, unit.place)


def judge(bucket: Bucket, folder: Path, *, moves: bool) -> int:
    """Do a unit of work; returns how many wafers it judged."""
    bundle = _loaded(bucket.model, bucket.digest)
    movement, answers, keys = Movement(bundle), list[pa.Table](), [np.empty(0, np.uint64)]
    with ExportFile(bucket.wafers.at_hand()) as export:
        for part in export.parts(bucket.groups):
            if moves:
                movement.count(part)
            keys.append(bundle.keys(part))
            answers.append(answers_of(part, bundle.score(part, bucket.budget), bundle.learned_from(keys[-1])))
            advance(len(part))
    found = Judged(joined_answers(answers), np.concatenate(keys), movement.counts() if moves else {})
    _leave(found, folder, bucket.place)
    return len(found.answers)


def _leave(judged: Judged, folder: Path, place: str) -> None:
    arrays: dict[str, Any] = {_KEYS: judged.keys, **judged.movement}
    with complete_file(folder / f"{place}.npz", durable=False) as path, path.open("wb") as file:
        np.savez(file, **arrays)
    schema = judged.answers.schema
    with (
        complete_file(folder / f"{place}.arrow", durable=False) as path,
        pa.ipc.new_file(str(path), schema) as writer,
    ):
        writer.write_table(judged.answers)


def _left(folder: Path, place: str) -> Judged:
    """Read what a bucket left, and remove it."""
    arrow, arrays = folder / f"{place}.arrow", folder / f"{place}.npz"
    answers = pa.ipc.open_file(pa.py_buffer(arrow.read_bytes())).read_all()
    with np.load(arrays) as found:
        counts = dict(found)
    arrow.unlink()
    arrays.unlink()
    return Judged(answers, counts.pop(_KEYS), counts)


def _buckets(
    export: ExportFile, model: Served, budget: float, engine: Engine, scratch: Path, least: int
) -> list[Bucket]:
    groups = _in_buckets(export.rows_of_groups, least)
    first_rows = [0, *accumulate(sum(export.rows_of_groups[group] for group in some) for some in groups)]
    return [
        Bucket(f"wafers from row {row}", f"{number:06}", *given, model.files, model.bundle.digest, budget)
        for number, (row, given) in enumerate(zip(first_rows, _given(export, groups, engine, scratch), strict=False))
    ]


def _in_buckets(rows: Sequence[int], least: int) -> list[range]:
    """Consecutive row groups of at least so many rows together, the last ones of fewer."""
    ends = [0]
    for group in range(1, len(rows) + 1):
        if sum(rows[ends[-1] : group]) >= least or group == len(rows):
            ends.append(group)
    return [range(start, end) for start, end in pairwise(ends)]


def _given(export: ExportFile, groups: Sequence[range], engine: Engine, scratch: Path) -> Iterator[tuple[Given, range]]:
    """Where each bucket's row groups lie: in the export, or in a file of their own that a worker elsewhere fetches."""
    if engine.shares_files:
        [whole] = engine.give([export.path])
        yield from ((whole, some) for some in groups)
        return
    for some in groups:
        path = scratch / "bucket.parquet"
        export.copy(some, path)
        [part] = engine.give([path])
        yield part, range(len(some))
