"""The load stage on a server of MongoDB's protocol: what reading back costs."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

import pyarrow as pa

from application.synthetic import write_synthetic
from benchmarks.report import Section, this_machine
from benchmarks.source import learning_table, write_export
from db_operation_train.stage import load_wafers
from tests.servers.parts import start_mongodb
from tests.servers.server import Server
from wafer.documents import DocumentRows, Inserted
from wafer.documents.mongodb import MongoDocuments
from wafer.wafers.arrays import EXPORT_FILE

_TICKS = os.sysconf("SC_CLK_TCK")
_HOW = ("all read back", "as it is", "loaded again")


class ReadBack(MongoDocuments):
    """The database as it was used until November 2026: every document of a run is read again after its load."""

    def insert(self, kind: str, rows: DocumentRows) -> Inserted:
        """Insert, and count every document as found, which makes the stage read it."""
        super().insert(kind, rows)
        return Inserted(0, tuple(rows.ids))


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one load: from start to end, and of processor time on either side."""

    wall: float
    client: float
    server: float


def measure_documents(*, wafers: int, rounds: int, say: Callable[[str], None]) -> Section:
    """Load the same wafers in each way in turn, every time into a database of its own."""
    machine = this_machine()
    taken: dict[str, list[Taken]] = {how: [] for how in _HOW}
    with tempfile.TemporaryDirectory(prefix="documents-") as scratch:
        table = write_export(_table(Path(scratch), wafers), Path(scratch) / "in") / EXPORT_FILE
        with start_mongodb(Path(scratch) / "server") as server:
            for number in range(rounds):
                for how, each in _round(server, table, Path(scratch) / "out"):
                    taken[how].append(each)
                    say(
                        f"round {number + 1}, {how}: {each.wall:.1f} s, CPU {each.client:.1f} + {each.server:.1f} s; "
                        f"load {os.getloadavg()[0]:.0f}"
                    )
    return Section(
        name="load-documents",
        title="The load stage on a server of MongoDB's protocol",
        command=f"python -m benchmarks load-documents --wafers {wafers} --rounds {rounds}",
        machine=machine,
        protocol=[
            f"{wafers:,} synthetic wafers of 590 sensors from `wafers.parquet` into an empty database of the tests' "
            "FerretDB (SQLite files, same cores), with both exports; the ways in turn, medians of "
            f"{rounds} round(s), with the least and most of the wall.",
            "All read back: every document is read again after its load. Loaded again: all are known, and read.",
            f"Load {os.getloadavg()[0]:.1f} at the end: with more than {machine.cores} processes that want to run, "
            "the wall is the machine's and the CPU seconds are the work.",
        ],
        headers=("", "seconds", "from - to", "CPU of the stage", "CPU of the server"),
        groups=([_row(how, runs) for how, runs in taken.items()],),
    )


def _round(server: Server, table: Path, out: Path) -> Iterator[tuple[str, Taken]]:
    before, new, again = _HOW
    with ReadBack(_new(server)) as documents:
        yield before, _load(server, documents, table, out)
    with MongoDocuments(_new(server)) as documents:
        yield new, _load(server, documents, table, out)
        yield again, _load(server, documents, table, out)


def _new(server: Server) -> str:
    return f"{server.url}bench-{uuid4().hex}"


def _load(server: Server, documents: MongoDocuments, table: Path, out: Path) -> Taken:
    wall, client, other = time.perf_counter(), time.process_time(), _cpu_of(server)
    load_wafers(table, documents, out, out / "InputFile.csv", "training")
    return Taken(time.perf_counter() - wall, time.process_time() - client, _cpu_of(server) - other)


def _cpu_of(server: Server) -> float:
    """Processor seconds of the server's process so far: the one that runs exactly its command."""
    command = "\0".join(server.command).encode() + b"\0"
    (process,) = (path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if _read(path) == command)
    fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS  # utime and stime


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _table(scratch: Path, wafers: int) -> pa.Table:
    """A table of so many wafers: synthetic ones, repeated under ids of their own."""
    write_synthetic(scratch / "batches", training_files=2, prediction_files=1)
    few = learning_table(scratch / "batches")
    many = few.take([number % len(few) for number in range(wafers)])
    return many.set_column(0, "_id", pa.array([f"{number:032x}" for number in range(wafers)]))


def _row(how: str, runs: Sequence[Taken]) -> list[str]:
    walls = [each.wall for each in runs]
    cpu = (median(each.client for each in runs), median(each.server for each in runs))
    return [how, f"{median(walls):.1f}", f"{min(walls):.1f} - {max(walls):.1f}", *(f"{each:.1f}" for each in cpu)]
