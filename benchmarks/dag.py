"""Wall time and peak memory of the training and the prediction DAG, beside the older system's training stage."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.memory import watching
from benchmarks.report import Section, this_machine
from benchmarks.source import batches, kind_of, learning_table, write_export

COMMAND = (sys.executable, "-c", "from application.cli import main; main()")
ELSEWHERE = {"WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI"}
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a DAG through the `wafer` command."""

    seconds: float  # from the start of the command to its end
    stages: Mapping[str, float]  # stage -> seconds of its own work
    peaks: Mapping[str, float]  # KFP function -> MiB; "" is the largest process of the run
    wafers: int


def measure_dags(data: Path | None, *, rounds: int, quick: bool, say: Callable[[str], None]) -> Section:
    """Measure both DAGs and the older training stage, one after the other."""
    machine = this_machine()
    with batches(data) as folder, tempfile.TemporaryDirectory(prefix="wafer-home-") as home:
        first = [] if quick else [_run("train", folder, Path(home), say), _run("predict", folder, Path(home), say)]
        count = 1 if quick else rounds
        pairs = [
            (_run("train", folder, Path(home), say), _run("predict", folder, Path(home), say)) for _ in range(count)
        ]
        older = _older(folder, quick=quick, say=say)
        source = kind_of(folder)
    training, prediction = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ratio = _wall(training) / older["total"]
    stage = [["older training stage", step, f"{seconds:.1f}", "", ""] for step, seconds in older["seconds"].items()]
    stage.append(["older training stage", "whole", f"{older['total']:.1f}", "", f"{older['peak']:.0f}"])
    return Section(
        name="speed-dag",
        title="Speed of the DAGs",
        command=f"python -m benchmarks speed-dag {'--quick' if quick else f'--rounds {rounds}'}",
        machine=machine,
        protocol=_protocol(training[0].wafers, prediction[0].wafers, source, count, quick=quick),
        headers=("", "stage", "seconds", "from - to", "peak MiB"),
        groups=(_rows("training DAG", training), _rows("prediction DAG", prediction), stage),
        words=2,
        findings=[
            f"Training DAG / older training stage: {ratio:.3f} (1/{1 / ratio:.1f}); "
            f"the older stage found {older['clusters']} clusters.",
            *(f"First run in an empty home: training {first[0].seconds:.1f} s, prediction {first[1].seconds:.1f} s."
              for _ in first[:1]),
        ],
    )  # fmt: skip


def _protocol(trained: int, predicted: int, source: str, rounds: int, *, quick: bool) -> list[str]:
    return [
        f"`wafer train` on {trained:,} and `wafer predict` on {predicted:,} {source} wafers, embedded, from the start "
        f"of the command to its end; medians of {rounds} run(s)"
        + ("." if quick else " after one run of each that warms up, all in one home."),
        "A stage's seconds are its own work; the whole also holds the start of its processes. Peak memory is the most "
        "the stage's process held resident (VmHWM); of the whole, the largest process.",
        "Older training stage: same wafers, already parsed and joined. KNNImputer(3), KMeans k = 1-10 on the raw scale "
        "with elbow, in each cluster a 1/3 test split and GridSearchCV(cv=4, accuracy) over RandomForest and XGBoost; "
        "each search on all cores." + (" Grid cut down." if quick else ""),
    ]


def _rows(name: str, runs: Sequence[Run]) -> list[list[str]]:
    rows = []
    for stage in runs[0].stages:
        taken = [run.stages.get(stage, 0.0) for run in runs]
        function = re.sub(r"-\d+$", "", stage).replace("-", "_")
        rows.append([name, stage, *_figures(taken), _peak(runs, function)])
    return [*rows, [name, "whole", *_figures([run.seconds for run in runs]), _peak(runs, "")]]


def _figures(taken: Sequence[float]) -> tuple[str, str]:
    return f"{median(taken):.1f}", f"{min(taken):.1f} - {max(taken):.1f}"


def _peak(runs: Sequence[Run], function: str) -> str:
    return f"{max(run.peaks.get(function, 0.0) for run in runs):.0f}"


def _wall(runs: Sequence[Run]) -> float:
    return median(run.seconds for run in runs)


def _run(pipeline: str, data: Path, home: Path, say: Callable[[str], None]) -> Run:
    """Run a DAG as a user does, and look at the memory of its processes meanwhile."""
    folder = data / ("training" if pipeline == "train" else "prediction")
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, pipeline, str(folder), "--json"],
        env=environment | {"WAFER_HOME": str(home)},
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with watching(process.pid) as peaks:
        out, _ = process.communicate()
    seconds = time.perf_counter() - start
    said: dict[str, Any] = json.loads(out.splitlines()[-1]) if out.strip() else {}
    if said.get("state") != "succeeded":
        raise SystemExit(f"wafer {pipeline} failed: {said.get('error', 'it said nothing')}")
    say(f"{pipeline}: {seconds:.1f} s")
    stages = {stage["name"]: float(stage["seconds"]) for stage in said["stages"]}
    return Run(seconds, stages, peaks, _wafers(home, said["run_id"]))


def _wafers(home: Path, run_id: str) -> int:
    record = json.loads((home / "store" / "kfp" / run_id / "stages" / "transform.json").read_text(encoding="utf-8"))
    return int(record["counts"]["wafers"])


def _older(data: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, Any]:
    how = ["1", "small"] if quick else [str(len(os.sched_getaffinity(0)))]
    with tempfile.TemporaryDirectory(prefix="older-") as scratch:
        export = write_export(learning_table(data), Path(scratch))
        words = [sys.executable, "-m", "benchmarks.older", str(export), *how]
        process = subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        with watching(process.pid) as peaks:
            out, _ = process.communicate()
    if process.returncode:
        raise SystemExit("the older training stage failed")
    said: dict[str, Any] = json.loads(out.splitlines()[-1])
    said["total"] = sum(said["seconds"].values())
    say(f"older training stage: {said['total']:.1f} s")
    return said | {"peak": peaks[""]}
