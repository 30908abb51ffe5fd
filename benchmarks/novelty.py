"""How many broken measurements are not judged, and how many sound ones: the rules of now and of before recipe 4."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.faults import FAULTS, Scale
from benchmarks.folds import random_folds
from benchmarks.report import Section, this_machine
from benchmarks.source import batches, kind_of, learning_table, wafers_of, write_export
from clustering.stage import cluster_wafers
from preprocessing_train.stage import fit_preprocessor
from wafer.contract import load_contract
from wafer.evaluation.walk_forward import Timeline
from wafer.model.assembly import CLUSTERS, NOVELTY
from wafer.model.clusters import Clustering, NoveltyLimits
from wafer.model.files import read_json
from wafer.model.novelty import NoveltyModel, load_novelty
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Bools, Ints, Wafers
from wafer.wafers.identity import as_models_see

SOUND = "as measured"
RULES = ("before", "now")
_LEAST_FILES = 4  # to learn from
_RANGES_BEFORE = 10.0

Say = Callable[[str], None]
Judge = Callable[[Wafers], Bools]  # which wafers are `inspect`
Split = tuple[Ints, Ints]  # rows to learn from, rows to ask about


@dataclass(frozen=True, slots=True)
class NoveltyPlan:
    """How much to measure."""

    repeats: int = 2
    folds: int = 5
    files: int | None = None  # the last so many forward in time; None for all that have enough before them


def measure_novelty(data: Path | None, plan: NoveltyPlan, *, command: str, say: Say) -> Section:
    """Break wafers that nothing was learned from, in random folds and forward in time."""
    machine = this_machine()
    with batches(data) as folder:
        table, source = learning_table(folder), kind_of(folder)
    wafers = wafers_of(table)
    random = [(fold.learn, fold.ask) for fold in random_folds(wafers, plan.repeats, plan.folds)]
    groups = [
        _rows(kind, table, wafers, splits, say)
        for kind, splits in (("random", random), ("forward", forward_splits(wafers, plan.files)))
    ]
    return Section(
        name="novelty",
        title="Novelty",
        command=command,
        machine=machine,
        protocol=_protocol(len(wafers), source, plan),
        headers=("protocol", "rules", "wafers", SOUND, *FAULTS),
        groups=groups,
        words=2,
    )


def forward_splits(wafers: Wafers, most: int | None = None) -> list[Split]:
    """Every file after the first few, by all wafers of the files before it in time."""
    form = load_contract("training").file_name
    stamps = np.array([form.stamp(name) for name in wafers.files], dtype="datetime64[s]")
    time = Timeline.of(stamps, wafers.files, wafers.names)
    places = list(range(min(_LEAST_FILES, len(time.names) - 1), len(time.names)))
    return [
        (np.flatnonzero(time.file < place), np.flatnonzero(time.file == place)) for place in places[-(most or 99) :]
    ]


def _rows(kind: str, table: pa.Table, wafers: Wafers, splits: list[Split], say: Say) -> list[list[str]]:
    """For either set of rules the share of wafers that are `inspect`, as measured and with each fault."""
    inspected: dict[str, dict[str, list[Bools]]] = {rules: {} for rules in RULES}
    for number, (learn, ask) in enumerate(splits):
        say(f"{kind} {number + 1} of {len(splits)}: learn {len(learn)} wafers, ask {len(ask)}")
        asked = _broken(wafers.rows(ask), Scale.of(wafers.readings[learn]), number)
        for rules, judge in _judges(table.take(pa.array(learn))).items():
            for fault, some in asked.items():
                inspected[rules].setdefault(fault, []).append(judge(some))
    return [
        [
            kind,
            rules,
            f"{sum(map(len, found[SOUND])):,}",
            *(f"{np.concatenate(each).mean():.3f}" for each in found.values()),
        ]
        for rules, found in inspected.items()
    ]


def _broken(wafers: Wafers, scale: Scale, seed: int) -> dict[str, Wafers]:
    rng = np.random.default_rng(seed)
    broken = {name: replace(wafers, readings=fault(wafers.readings, scale, rng)) for name, fault in FAULTS.items()}
    return {SOUND: wafers, **broken}


def _judges(learn: pa.Table) -> Mapping[str, Judge]:
    """Learn as a training does, no further than novelty needs."""
    with tempfile.TemporaryDirectory(prefix="novelty-") as scratch:
        at = Path(scratch)
        training = at / "training.parquet"
        fit_preprocessor(write_export(learn, at / "export"), at / "preprocessor", training)
        one = Recipe(max_clusters=1)  # how many there are makes no difference to novelty
        cluster_wafers(training, at / "preprocessor", at / "clusters", at / "clusters.parquet", at / "elbow.html", one)
        now, clusters = load_novelty(at / "preprocessor" / NOVELTY), read_json(at / "clusters" / CLUSTERS, Clustering)
    older = _older(clusters, wafers_of(learn))
    before = NoveltyModel.of_clusters(older)
    return {
        "before": lambda wafers: before.novelty(wafers, older).unlike,
        "now": lambda wafers: now.novelty(wafers, clusters).unlike,
    }


def _older(clusters: Clustering, learn: Wafers) -> Clustering:
    """The clusters as recipe 3 left them: ten ranges of their own sensors, and an upper distance."""
    readings = as_models_see(learn.columns(clusters.sensors)).astype(np.float64)
    lows, highs = np.nanmin(readings, axis=0), np.nanmax(readings, axis=0)
    limits = NoveltyLimits(clusters.limits.percentile, clusters.limits.missing_share, ranges=_RANGES_BEFORE)
    return replace(clusters, lows=lows, highs=highs, limits=limits)


def _protocol(wafers: int, source: str, plan: NoveltyPlan) -> list[str]:
    return [
        f"{wafers:,} {source} labelled wafers (exact copies once). random: {plan.repeats} x {plan.folds} stratified "
        "folds. forward: file by file in the order of the stamps in their names, from the "
        f"{_LEAST_FILES + 1}th on, each by all files before it. Everything is learned from the wafers of the training "
        "part; faults are made of the others.",
        "Each column is the share of wafers that get `inspect`: false alarms as measured, broken ones with a fault. "
        "Sensors are drawn anew for each wafer, among those that vary. Deviations (robust: of the middle half), ranges "
        "and medians are those of the training part.",
        "before: recipe 3 (a reading ten ranges outside, a distance beyond 99.9 %, silence). now: docs/model.md.",
    ]
