"""What every stage needs as the wafers grow: peak memory, processor time and how it grows, wall and disk."""

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from benchmarks.kept import Kept, Taken, remove
from benchmarks.process import run_watched
from benchmarks.report import Section, this_machine
from wafer.process import cores

_OURS = ("WAFER_", "KFP_", "MLFLOW_TRACKING_URI", "MONGODB_URI")
_SYNTHETIC = "-c {wafer} synthetic {at}/drop --wafers {wafers} --batch-size {batch_size}"
_LEARNED = "--training {at}/training.parquet"
_LEARNING = f"{_LEARNED} --preprocessor {{at}}/preprocessor"
_MODELS = "--cluster-model {at}/clusters --global-models {at}/global"
# Stage -> its command; `{at}` is the folder that all of them work in.
BEFORE = {
    "validate": "-m raw_data_validation_train --source {at}/drop/training --accepted {at}/accepted"
    " --manifest {at}/manifest.json --quarantine {at}/quarantine --report {at}/validation.html",
    "transform": "-m data_transformation_train --accepted {at}/accepted --wafers {at}/wafers.parquet",
    "load": "-m db_operation_train --wafers {at}/wafers.parquet --export {at}/export --input-file {at}/InputFile.csv",
    "preprocess": f"-m preprocessing_train --export {{at}}/export --out {{at}}/preprocessor {_LEARNED}",
    "cluster": f"-m clustering {_LEARNING} --out {{at}}/clusters --assignments {{at}}/assignments.parquet"
    " --report {at}/elbow.html",
    "train-global": f"-m model_training global {_LEARNING} --out {{at}}/global --jobs {{jobs}}",
}
CLUSTER = (
    f"-m model_training cluster {_LEARNING} {_MODELS} --cluster {{cluster}} --out {{at}}/member-{{cluster}}"
    " --report {at}/cluster.html"
)
PROMOTE = (
    f"-m load_prod_model --run-id scale {_LEARNING} {_MODELS} --manifest {{at}}/manifest.json"
    " --validation-report {at}/validation.html --export {at}/export --input-file {at}/InputFile.csv"
    " --elbow {at}/elbow.html --bundle {at}/bundle"
    " --decision {at}/decision.json --report {at}/report.html"
)
PREDICT = "-m pred_pipeline --export {at}/export --bundle {at}/bundle --out {at}/predictions"
# Stage -> what no later stage reads once it has ended, so that a million wafers need 20 GB of disk and not 30.
_REMOVED = {
    "validate": ("drop",),
    "transform": ("accepted",),
    "load": ("wafers.parquet",),
    "cluster": ("assignments.parquet",),
}
_PREDICTION = ("validate", "transform", "load", "predict")  # a training has all but the last
_HEADERS = ("stage", "wafers", "wall s", "CPU s", "ms a wafer", "growth", "peak MiB", "disk MiB")
_WAFER = "from application.cli.app import main; main()"


class Line:
    """The stages one after the other on one synthetic drop, each as a process of its own."""

    def __init__(
        self, folder: Path, wafers: int, batch_size: int, *, keeping: bool = False, kept: Kept | None = None
    ) -> None:
        self._folder = folder
        self._wafers = wafers
        self._keeping = keeping
        self._kept = kept
        self._values = {"at": str(folder), "wafers": str(wafers), "batch_size": str(batch_size), "jobs": str(cores())}
        other = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.environment = other | {"WAFER_HOME": str(folder / "home")}

    def stages(self) -> Iterator[Taken]:
        """From the drop to the promoted model, and the prediction of the same wafers."""
        yield self._taken("synthetic", _SYNTHETIC)
        for stage, command in BEFORE.items():
            yield self._taken(stage, command)
            for name in () if self._keeping else _REMOVED.get(stage, ()):
                remove(self._folder / name)
        clusters = self._clusters()
        yield self._together("train-cluster", [CLUSTER.replace("{cluster}", str(each)) for each in clusters])
        yield self._taken("promote", PROMOTE + "".join(f" --member {{at}}/member-{each}" for each in clusters))
        yield self._taken("predict", PREDICT)

    def _clusters(self) -> range:
        return range(len(json.loads((self._folder / "clusters" / "clusters.json").read_text())["centroids"]))

    def _together(self, stage: str, commands: Sequence[str]) -> Taken:
        each = [self._taken(stage, command, f"{stage} {number}") for number, command in enumerate(commands)]
        seconds, cpu = sum(one.seconds for one in each), sum(one.cpu for one in each)
        return Taken(stage, self._wafers, seconds, cpu, max(one.peak for one in each), each[-1].disk)

    def words(self, command: str) -> list[str]:
        """A command as Python takes it."""
        return [_WAFER if word == "{wafer}" else word.format(**self._values) for word in command.split()]

    def _ready(self, _stage: str, words: list[str]) -> list[str]:
        """What is run in place of a command."""
        return words

    def _taken(self, stage: str, command: str, step: str = "") -> Taken:
        found = self._kept.find(step or stage) if self._kept else None
        if found is None:
            found = self._run(stage, command)
            if self._kept:
                self._kept.add(step or stage, found)
        return found

    def _run(self, stage: str, command: str) -> Taken:
        words = self._ready(stage, self.words(command))
        done = run_watched(words, self.environment)
        if done.code:
            raise SystemExit(f"{stage} of {self._wafers:,} wafers ended with {done.code}: {' '.join(words)}")
        disk = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        return Taken(stage, self._wafers, done.seconds, done.cpu, done.peaks[""], disk)


def measure_scale(sizes: Sequence[int], *, batch_size: int, say: Callable[[str], None]) -> Iterator[Section]:
    """Run the whole line once for every size, smallest first; yields what is known after each of them."""
    machine, taken = this_machine(), list[Taken]()
    for wafers in sorted(sizes):
        taken += _measured(wafers, batch_size, say)
        known = ",".join(map(str, dict.fromkeys(each.wafers for each in taken)))
        yield Section(
            name="scale",
            title="Every stage as the wafers grow",
            command=f"python -m benchmarks scale --wafers {known} --batch-size {batch_size}",
            machine=machine,
            protocol=[*_protocol(batch_size), "Growth is the exponent of CPU seconds against the size before."],
            headers=_HEADERS,
            groups=_groups(taken),
        )


def measure_one(
    wafers: int, *, batch_size: int, say: Callable[[str], None], keep: Path | None = None
) -> Iterator[Section]:
    """Run the whole line once; yields what is known after each stage, with the sums over a training and a prediction.

    The sizes measured before stay in the document. With a folder to keep everything in, a line that was stopped goes on
    after the last stage that had ended.
    """
    machine, taken = this_machine(), list[Taken]()
    kept = Kept(keep.resolve(), {"wafers": wafers, "batch size": batch_size}, machine.date) if keep else None
    keeping = " --keep DIR" if kept else ""
    for each in _measured(wafers, batch_size, say, kept):
        taken.append(each)
        yield Section(
            name="scale-one",
            title="One training and one prediction",
            command=f"python -m benchmarks scale --only-one {wafers} --batch-size {batch_size}{keeping}",
            machine=machine,
            protocol=[*_protocol(batch_size), *_stops(kept)],
            headers=_HEADERS,
            groups=[[_row(one, "") for one in taken], [_row(one, "") for one in _sums(taken)]],
        )


def _stops(kept: Kept | None) -> list[str]:
    if not kept or not kept.continued:
        return []
    again = ", ".join(kept.continued)
    return [
        f"Begun {kept.begun}, stopped, and carried on {again}: the stage that was stopped began again, all others "
        "are as they were measured."
    ]


def _protocol(batch_size: int) -> list[str]:
    return [
        f"Synthetic batches of {batch_size:,} wafers x 590 sensors; every stage as its own command on local disk and "
        "SQLite, once for each size. `predict` judges the wafers of the training.",
        "Peak is the largest resident set (VmHWM) of the stage's process. CPU seconds are those of all its threads, "
        "with start and imports.",
        "Disk is all that lies in the run's folder when the stage has ended; what no later stage reads goes then.",
    ]


def _sums(taken: Sequence[Taken]) -> Iterator[Taken]:
    """What a whole training took, and a whole prediction, as far as their stages are known."""
    stages = {each.stage: each for each in taken if each.stage != "synthetic"}
    both = {"training": [stage for stage in stages if stage != "predict"], "prediction": _PREDICTION}
    for name, wanted in both.items():
        if known := [stages[stage] for stage in wanted if stage in stages]:
            seconds, cpu = sum(each.seconds for each in known), sum(each.cpu for each in known)
            peak, disk = max(each.peak for each in known), max(each.disk for each in known)
            yield Taken(f"all of a {name}", known[0].wafers, seconds, cpu, peak, disk)


def _measured(wafers: int, batch_size: int, say: Callable[[str], None], kept: Kept | None = None) -> Iterator[Taken]:
    with ExitStack() as scratch:
        folder = kept.folder if kept else Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="scale-")))
        for each in Line(folder, wafers, batch_size, kept=kept).stages():
            say(f"{wafers:,} wafers, {each.stage}: {each.seconds:.1f} s, {each.cpu:.1f} CPU s, {each.peak:.0f} MiB")
            yield each


def _groups(taken: Sequence[Taken]) -> list[list[list[str]]]:
    stages = dict.fromkeys(each.stage for each in taken)
    return [_rows([each for each in taken if each.stage == stage]) for stage in stages]


def _rows(sizes: Sequence[Taken]) -> list[list[str]]:
    growth = ["", *(f"{_exponent(small, large):.2f}" for small, large in pairwise(sizes))]
    return list(map(_row, sizes, growth))


def _row(taken: Taken, growth: str) -> list[str]:
    return [
        taken.stage,
        f"{taken.wafers:,}",
        f"{taken.seconds:.1f}",
        f"{taken.cpu:.1f}",
        f"{1000 * taken.cpu / taken.wafers:.3f}",
        growth,
        f"{taken.peak:,.0f}",
        f"{taken.disk / (1 << 20):,.0f}",
    ]


def _exponent(small: Taken, large: Taken) -> float:
    return math.log(large.cpu / small.cpu) / math.log(large.wafers / small.wafers)
