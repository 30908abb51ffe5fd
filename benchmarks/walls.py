"""Training and prediction of this commit and of another one, in turn."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.dag import ELSEWHERE
from benchmarks.process import ROOT, run_watched
from benchmarks.report import Section, this_machine
from benchmarks.source import batches, kind_of

Say = Callable[[str], None]
PIPELINES = {"train": "training", "predict": "prediction"}  # command -> its folder of the data
_FITS = ("train-global", "train-cluster")


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout with its own packages (`make setup`), and the home in which it works."""

    at: Path
    home: Path

    def run(self, pipeline: str, data: Path) -> "Taken":
        """Run a DAG as a user does."""
        kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        source = str((data / PIPELINES[pipeline]).absolute())
        programs = self.at / ".venv" / "bin"
        words = [str(programs / "wafer"), pipeline, source, "--json"]
        done = run_watched(words, kept | {"WAFER_HOME": str(self.home)}, str(programs / "python"), self.at)
        record = json.loads(done.out.splitlines()[-1]) if done.out.strip() else {}
        if record.get("state") != "succeeded":
            raise SystemExit(f"wafer {pipeline} of {self.at} failed: {record.get('error', 'it wrote nothing')}")
        return Taken(done.seconds, done.cpu, _fits({each["name"]: each["seconds"] for each in record["stages"]}))


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took."""

    seconds: float
    cpu: float
    fits: float  # seconds in which models were fitted


def measure_walls(other: Path, data: Path | None, *, rounds: int, say: Say) -> Section:
    """Run both DAGs of both commits in turn, the first time without counting."""
    taken: dict[tuple[str, str], list[Taken]] = {}
    with batches(data) as folder, tempfile.TemporaryDirectory(prefix="walls-") as scratch:
        trees = {name: Tree(at, Path(scratch) / name) for name, at in (("before", other.absolute()), ("now", ROOT))}
        for turn in range(rounds + 1):
            for name in sorted(trees, reverse=bool(turn % 2)):  # a machine that slows down slows both
                for pipeline in PIPELINES:
                    one = trees[name].run(pipeline, folder)
                    say(f"{pipeline} {name}: {one.seconds:.1f} s, {one.cpu:.1f} CPU s")
                    if turn:
                        taken.setdefault((pipeline, name), []).append(one)
        source = kind_of(folder)
    return Section(
        name="walls",
        title="Train and predict, before and now",
        command=f"python -m benchmarks walls --before TREE --rounds {rounds}",
        machine=this_machine(),
        protocol=[
            f"`wafer train` and `wafer predict`, embedded, on {source} wafers, each commit in a home of its own; from "
            f"the start of the command to its end. Medians of {rounds} runs in turn, after one of each.",
            "Fits: the time in which models are fitted, those of clusters side by side. CPU seconds are those of all "
            "processes of a run.",
        ],
        headers=("", "before, s", "now, s", "ratio", "before, CPU s", "now, CPU s", "ratio of CPU"),
        groups=[[row for pipeline in PIPELINES for row in _rows(pipeline, taken)]],
    )


def _rows(pipeline: str, taken: Mapping[tuple[str, str], Sequence[Taken]]) -> list[list[str]]:
    before, now = taken[pipeline, "before"], taken[pipeline, "now"]
    cpu = _compared([each.cpu for each in before], [each.cpu for each in now])
    rows = [[pipeline, *_compared([each.seconds for each in before], [each.seconds for each in now]), *cpu]]
    if before[0].fits:
        fits = _compared([each.fits for each in before], [each.fits for each in now])
        others = _compared([each.seconds - each.fits for each in before], [each.seconds - each.fits for each in now])
        rows += [["… fits", *fits, "", "", ""], ["… all else", *others, "", "", ""]]
    return rows


def _compared(before: Sequence[float], now: Sequence[float]) -> tuple[str, str, str]:
    return f"{median(before):.1f}", f"{median(now):.1f}", f"{median(now) / median(before):.2f}"


def _fits(stages: Mapping[str, float]) -> float:
    return sum(
        max((float(seconds) for name, seconds in stages.items() if name.startswith(stage)), default=0.0)
        for stage in _FITS
    )
