"""Wall time and peak memory of the training and the prediction DAG, compared with the older system's training stage."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.process import Finished, run_watched
from benchmarks.report import Section, this_machine
from benchmarks.source import batches, kind_of, learning_table, write_export
from wafer.process import cores

COMMAND = ("-c", "from application.cli.app import main; main()")
OLDER = "older training stage"
OLDER_WIDE = "older, searches on all cores"
ELSEWHERE = {"WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a DAG through the `wafer` command, or one of the older training stage."""

    whole: Finished
    seconds: float  # of the DAG from the start of the command; of the older stage without start and imports
    stages: Mapping[str, float]  # stage -> seconds of its own work
    about: int  # wafers of a DAG; clusters of the older stage


def measure_dags(data: Path | None, *, rounds: int, quick: bool, say: Callable[[str], None]) -> Section:
    """Measure both DAGs and the older training stage in turn."""
    machine, count = this_machine(), 1 if quick else rounds
    with batches(data) as folder, tempfile.TemporaryDirectory(prefix="wafer-home-") as home:
        first = [] if quick else [_pair(folder, Path(home), say)]
        pairs: list[tuple[Run, Run]] = []
        older: dict[str, Run] = {}
        to_come = [OLDER, OLDER_WIDE]
        while to_come or len(pairs) < count:  # in turn: a machine that slows down slows both sides
            if len(pairs) < count:
                pairs.append(_pair(folder, Path(home), say))
            if to_come:
                name = to_come.pop(0)
                older[name] = _older(name, folder, quick=quick, say=say)
        source = kind_of(folder)
    training, prediction = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return Section(
        name="speed-dag",
        title="Speed of the DAGs",
        command=f"python -m benchmarks speed-dag {'--quick' if quick else f'--rounds {rounds}'}",
        machine=machine,
        protocol=_protocol(training[0].about, prediction[0].about, source, count, quick=quick),
        headers=("", "stage", "seconds", "from - to", "CPU seconds", "peak MiB"),
        groups=(
            _rows("training DAG", training),
            _rows("prediction DAG", prediction),
            *(_rows(name, [run]) for name, run in older.items()),
        ),
        words=2,
        findings=_findings(training, older, first),
    )


def _findings(training: Sequence[Run], older: Mapping[str, Run], first: Sequence[tuple[Run, Run]]) -> list[str]:
    sentences = []
    for name, run in older.items():
        wall = median(each.seconds for each in training) / run.seconds
        cpu = median(each.whole.cpu for each in training) / run.whole.cpu
        sentences.append(
            f"Training DAG / {name}: {wall:.3f} (1/{1 / wall:.1f}) in wall time, {cpu:.3f} (1/{1 / cpu:.1f}) in CPU "
            f"time. It found {run.about} clusters."
        )
    for trained, predicted in first:
        say_first = f"training {trained.seconds:.1f} s, prediction {predicted.seconds:.1f} s"
        sentences.append(f"First runs in an empty home, not in the table: {say_first}.")
    return sentences


def _protocol(trained: int, predicted: int, source: str, rounds: int, *, quick: bool) -> list[str]:
    return [
        f"`wafer train` on {trained:,} and `wafer predict` on {predicted:,} {source} wafers, embedded, from the start "
        f"of the command to its end. Medians of {rounds} run(s)"
        + ("." if quick else " in turn, after one warm-up run of each, all in one home."),
        'The seconds of a stage are its own work; "whole" includes the start of processes. CPU time is that of all '
        "processes, with starts and imports. Peak memory is the largest resident set of a stage's process (VmHWM), "
        'with the packages that it shares with the fork server; for "whole", that of the largest process.',
        "Older training stage: the same wafers, already parsed and joined; without start and imports. KNNImputer(3), "
        "KMeans k = 1-10 on the raw scale with elbow, in each cluster a 1/3 test split and GridSearchCV(cv=4, "
        "accuracy) over RandomForest and XGBoost, with the libraries' own choice of cores (a search on one, XGBoost on "
        "all). It is measured a second time with every search on all cores. One run each, between runs of the DAGs."
        + (" Grid cut down." if quick else ""),
    ]


def _rows(name: str, runs: Sequence[Run]) -> list[list[str]]:
    rows = []
    for stage in runs[0].stages:
        function = re.sub(r"-\d+$", "", stage).replace("-", "_")
        taken = [run.stages.get(stage, 0.0) for run in runs]
        rows.append([name, stage, *_figures(taken), "", _peak(runs, function)])
    cpu = f"{median(run.whole.cpu for run in runs):.1f}"
    return [*rows, [name, "whole", *_figures([run.seconds for run in runs]), cpu, _peak(runs, "")]]


def _figures(taken: Sequence[float]) -> tuple[str, str]:
    spread = f"{min(taken):.1f} - {max(taken):.1f}" if len(taken) > 1 else ""
    return f"{median(taken):.1f}", spread


def _peak(runs: Sequence[Run], function: str) -> str:
    peak = max(run.whole.peaks.get(function, 0.0) for run in runs)
    return f"{peak:.0f}" if peak else ""


def _pair(data: Path, home: Path, say: Callable[[str], None]) -> tuple[Run, Run]:
    return _run("train", data / "training", home, say), _run("predict", data / "prediction", home, say)


def _run(pipeline: str, source: Path, home: Path, say: Callable[[str], None]) -> Run:
    """Run a DAG as a user does."""
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    done = run_watched([*COMMAND, pipeline, str(source.absolute()), "--json"], environment | {"WAFER_HOME": str(home)})
    record = json.loads(done.out.splitlines()[-1]) if done.out.strip() else {}
    if record.get("state") != "succeeded":
        raise SystemExit(f"wafer {pipeline} failed: {record.get('error', 'it wrote nothing')}")
    say(f"{pipeline}: {done.seconds:.1f} s, {done.cpu:.1f} CPU s")
    transformed = home / "store" / "kfp" / record["run_id"] / "stages" / "transform.json"
    wafers = json.loads(transformed.read_text(encoding="utf-8"))["counts"]["wafers"]
    return Run(done, done.seconds, {stage["name"]: float(stage["seconds"]) for stage in record["stages"]}, int(wafers))


def _older(name: str, data: Path, *, quick: bool, say: Callable[[str], None]) -> Run:
    jobs = str(cores()) if name == OLDER_WIDE else "0"
    how = [jobs, "small"] if quick else [jobs]
    with tempfile.TemporaryDirectory(prefix="older-") as scratch:
        export = write_export(learning_table(data), Path(scratch))
        done = run_watched(["-m", "benchmarks.older", str(export), *how])
    if done.code:
        raise SystemExit("the older training stage failed; `python -m benchmarks.older EXPORT 1` says why")
    record = json.loads(done.out.splitlines()[-1])
    seconds = sum(record["seconds"].values())
    say(f"{name}: {seconds:.1f} s, {done.cpu:.1f} CPU s")
    return Run(done, seconds, record["seconds"], record["clusters"])
