"""What workers cost and what they bring: processor time on every engine, and the makespan of large lines, simulated."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.makespan import Stage, groups, shared_evenly, single_units, together
from benchmarks.on_engine import ENGINES, WORKERS
from benchmarks.process import ROOT
from benchmarks.report import Machine, Section, this_machine
from benchmarks.scale import BEFORE, PREDICT, Line
from data_transformation_train.parts import UNIT_BYTES
from pred_pipeline.buckets import BUCKET_WAFERS
from wafer.wafers.table import columns_at_once

_SENSORS = 590
_COUNTS = (1, 2, 4, 8, 16, 32)
_SIZES = (1_000_000, 12_000_000)
_SHARED = ("validate", "transform", "preprocess", "train-global", "predict")  # stages whose work is units
_DAGS = {
    "training": ("validate", "transform", "load", "preprocess", "cluster", "train-global", "train-cluster", "promote"),
    "prediction": ("validate", "transform", "load", "predict"),
}
_NAMED = 3  # of what caps a DAG


class TimedLine(Line):
    """A line whose stages say what their units took."""

    def __init__(self, folder: Path, wafers: int, batch_size: int) -> None:
        super().__init__(folder, wafers, batch_size, keeping=True)
        self.folder, self.wafers, self.batch_size = folder, wafers, batch_size
        self._written: list[tuple[str, Path]] = []

    def run(self, say: Callable[[str], None]) -> dict[str, list[Stage]]:
        """Every stage with its units; `train-cluster` as often as there are clusters."""
        for each in self.stages():
            say(f"{self.wafers:,} wafers, {each.stage}: {each.cpu:.1f} CPU s")
        found: dict[str, list[Stage]] = {}
        for stage, path in self._written:
            found.setdefault(stage, []).append(_read(stage, self.wafers, path))
        return found

    @property
    def accepted_bytes(self) -> int:
        """Of all accepted files."""
        return sum(path.stat().st_size for path in (self.folder / "accepted").iterdir())

    def _ready(self, stage: str, words: list[str]) -> list[str]:
        if words[0] != "-m":
            return words
        path = self.folder / f"taken-{len(self._written)}.json"
        self._written.append((stage, path))
        return ["-m", "benchmarks.timed_units", str(path), *words[1:]]


def _read(stage: str, wafers: int, path: Path) -> Stage:
    raw = json.loads(path.read_text(encoding="utf-8"))
    units = sum(sum(phase.values()) for phase in raw["phases"])
    return Stage(stage, wafers, raw["cpu"] - units, raw["phases"])


def measure_workers(wafers: int, *, batch_size: int, say: Callable[[str], None]) -> Iterator[Section]:
    """Measure two lines, the smaller of a third of the wafers; then the stages that share work on every engine."""
    machine = this_machine()
    command = f"python -m benchmarks workers --wafers {wafers} --batch-size {batch_size}"
    with tempfile.TemporaryDirectory(prefix="workers-") as scratch:
        small = TimedLine(Path(scratch) / "small", wafers // 3, batch_size)
        large = TimedLine(Path(scratch) / "large", wafers, batch_size)
        before, now = small.run(say), large.run(say)
        at = {size: _at(size, before, now, large) for size in _SIZES}
        yield _makespans(at, machine, command, (small.wafers, large.wafers))
        yield _on_engines(large, machine, command, say)


def measure_engines(wafers: int, *, batch_size: int, say: Callable[[str], None]) -> Iterator[Section]:
    """Measure one line for what its stages read; then those that share work on every engine."""
    machine = this_machine()
    command = f"python -m benchmarks workers --only-engines --wafers {wafers} --batch-size {batch_size}"
    with tempfile.TemporaryDirectory(prefix="workers-") as scratch:
        line = TimedLine(Path(scratch) / "line", wafers, batch_size)
        line.run(say)
        yield _on_engines(line, machine, command, say)


def _at(
    wafers: int, small: Mapping[str, Sequence[Stage]], large: Mapping[str, Sequence[Stage]], line: TimedLine
) -> dict[str, Stage]:
    """Every stage at another number of wafers."""
    several = {
        "validate": groups(wafers, line.batch_size),
        "transform": groups(wafers * line.accepted_bytes / line.wafers, UNIT_BYTES),
        "preprocess": groups(_SENSORS, columns_at_once(wafers)),
        "predict": groups(wafers, BUCKET_WAFERS),
    }
    found = {}
    for stage, of in large.items():
        before = small[stage]
        if stage in several:
            found[stage] = shared_evenly(before[0], of[0], wafers, several[stage])
        else:
            each = [single_units(before[min(n, len(before) - 1)], one, wafers) for n, one in enumerate(of)]
            found[stage] = together(each, stage) if len(each) > 1 else each[0]
    return found


def _makespans(
    at: Mapping[int, Mapping[str, Stage]], machine: Machine, command: str, sizes: tuple[int, int]
) -> Section:
    return Section(
        name="scale-workers",
        title="How long large lines take with workers (simulated)",
        command=command,
        machine=machine,
        protocol=[
            f"Every stage ran with {sizes[0]:,} and with {sizes[1]:,} wafers, its units one after the other; forests "
            "had the 100 trees that they have from 40,000 wafers on. Processor seconds of units and of all between "
            "them are drawn out in straight lines, and each worker takes the next unit as soon as it is free.",
            "Units at that size: files of as many wafers as were measured, 40 MiB of accepted files, 64 MiB of "
            f"sensors, single fits, {BUCKET_WAFERS:,} wafers to predict. The tasks of clusters run at the same time.",
            "Not in it: the network, pods, and a processor that is shared. So it is the least that such lines take.",
        ],
        headers=("DAG", "wafers", *(f"{count} worker{'s' * (count > 1)}" for count in _COUNTS), "no worker changes"),
        groups=[[_makespan(dag, size, stages) for dag in _DAGS] for size, stages in at.items()],
        findings=[_caps(dag, size, stages) for size, stages in at.items() for dag in _DAGS],
    )


def _makespan(dag: str, wafers: int, stages: Mapping[str, Stage]) -> list[str]:
    of = [stages[name] for name in _DAGS[dag]]
    times = [sum(stage.makespan(count) for stage in of) for count in _COUNTS]
    return [dag, f"{wafers:,}", *map(_time, times), _time(sum(stage.least for stage in of))]


def _caps(dag: str, wafers: int, stages: Mapping[str, Stage]) -> str:
    """What a DAG waits for when there are many workers."""
    of = sorted((stages[name] for name in _DAGS[dag]), key=lambda stage: -stage.makespan(_COUNTS[-1]))
    told = [
        f"`{stage.name}` {_time(stage.makespan(_COUNTS[-1]))}, of which {_time(stage.alone)} in the task's own process"
        for stage in of[:_NAMED]
    ]
    return f"What caps a {dag} of {wafers:,} wafers with {_COUNTS[-1]} workers: {'; '.join(told)}."


def _time(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _on_engines(line: TimedLine, machine: Machine, command: str, say: Callable[[str], None]) -> Section:
    return _engines({engine: _on_engine(engine, line, say) for engine in ENGINES}, machine, command, line.wafers)


def _on_engine(engine: str, line: TimedLine, say: Callable[[str], None]) -> dict[str, float]:
    """CPU and wall seconds of all stages that share work, in a copy of the line's folder."""
    with tempfile.TemporaryDirectory(prefix=f"on-{engine}-") as scratch:
        folder = Path(scratch) / "line"
        shutil.copytree(line.folder, folder, ignore=shutil.ignore_patterns("quarantine"))
        copy = TimedLine(folder, line.wafers, line.batch_size)
        commands = BEFORE | {"predict": PREDICT}
        words = [copy.words(commands[stage]) for stage in _SHARED]
        (folder / "commands.json").write_text(json.dumps(words), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.on_engine", engine, str(folder)],
            cwd=ROOT,
            env={**os.environ, **copy.environment},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    say(f"{engine}: {taken['cpu']:.1f} CPU s, {taken['seconds']:.1f} s")
    return taken


def _engines(taken: Mapping[str, Mapping[str, float]], machine: Machine, command: str, wafers: int) -> Section:
    inline = taken["inline"]["cpu"]
    labels = {"inline": "inline", "processes": f"{WORKERS} processes", "cluster": f"{WORKERS} Dask workers over TLS"}
    return Section(
        name="scale-engines",
        title="Processor time on every engine",
        command=command,
        machine=machine,
        protocol=[
            f"{', '.join(f'`{stage}`' for stage in _SHARED)} of {wafers:,} wafers, each as its own command, once on "
            "each engine. CPU seconds are those of all processes with their starts: tasks, workers, the scheduler.",
        ],
        headers=("engine", "CPU s", "of inline", "wall s"),
        groups=[
            [
                [labels[engine], f"{each['cpu']:.1f}", f"{each['cpu'] / inline:.2f}", f"{each['seconds']:.1f}"]
                for engine, each in taken.items()
            ]
        ],
    )
