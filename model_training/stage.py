"""Train on the wafers of one run: `fit_global_models` once, then `train_cluster` for every cluster, side by side."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_training.everywhere import fit_and_test, read_training_set
from model_training.fits import fits_near
from model_training.judge import FamilyFigures, judge
from model_training.learn import ClusterFit, fit_cluster
from model_training.page import cluster_page
from wafer.engine import Engine, Inline
from wafer.errors import BundleRejected
from wafer.evaluation.held_out import HeldOutFigures
from wafer.evaluation.metrics import roc_auc
from wafer.files import complete_folder
from wafer.model.assembly import CLUSTERS, GLOBAL, IN_TIME, OUT_OF_FOLD, TRAINED_CLUSTER
from wafer.model.calibration import probability_of
from wafer.model.clusters import Clustering
from wafer.model.files import read_json, write_json
from wafer.model.out_of_fold import InTime, OutOfFold
from wafer.model.recipe import Recipe
from wafer.model.summaries import ClusterSummary, GlobalSummary
from wafer.progress import reported_rows
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.identity import Keys, as_column, keys_of
from wafer.wafers.table import read_table
from wafer.wafers.training_file import TrainingFile


@dataclass(frozen=True, slots=True)
class GlobalModels:
    """Every family fitted on all wafers."""

    wafers: int
    failures: int
    auc: dict[str, float]  # out of fold
    forward: HeldOutFigures | None  # asked about later files; None: too few failures to tell
    whole_files: HeldOutFigures | None  # asked about other files


@dataclass(frozen=True, slots=True)
class TrainedCluster:
    """One cluster's models and their figures, all out of fold."""

    cluster: int
    wafers: int
    failures: int
    family: str  # the one that serves
    threshold: float  # at which the cluster's own false alarms meet the budget
    figures: dict[str, FamilyFigures]


def fit_global_models(
    training_file: Path, preprocessor: Path, out: Path, recipe: Recipe | None = None, engine: Engine | None = None
) -> GlobalModels:
    """Fit every family on all wafers and write the directory `out`; the engine changes the time, never the bytes."""
    recipe, engine = recipe or Recipe(), engine or Inline()
    with fits_near(out) as fits:
        fitted = fit_and_test(training_file, preprocessor, fits, recipe, engine)
    failed, later, line = fitted.failed, fitted.later, fitted.line
    figures = later.figures(failed, line, recipe.false_alarm_budget)
    auc = {name: roc_auc(failed, each) for name, each in fitted.scores.items()}
    with complete_folder(out) as folder:
        for name, each in fitted.families.items():
            each.model.save(folder / recipe.family(name).file)
        pq.write_table(pa.table({"key": as_column(fitted.keys), **fitted.scores}), folder / OUT_OF_FOLD)
        tested = InTime(fitted.batch, later.forward.probability, later.whole_file.probability)
        pq.write_table(pa.table({"key": as_column(fitted.keys), **tested.columns()}), folder / IN_TIME)
        write_json(folder / GLOBAL, GlobalSummary(recipe, auc, *figures))
    return GlobalModels(len(failed), int(failed.sum()), auc, *figures)


def train_cluster(
    cluster: int,
    training_file: Path,
    preprocessor: Path,
    cluster_model: Path,
    global_models: Path,
    out: Path,
    report: Path,
    engine: Engine | None = None,
) -> TrainedCluster:
    """Train one cluster by the recipe of the global models; write the directory `out` and the HTML page `report`."""
    recipe = read_json(global_models / GLOBAL, GlobalSummary).recipe
    clusters = read_json(cluster_model / CLUSTERS, Clustering)
    with TrainingFile(training_file) as wafers:
        everywhere = _load_scores(wafers.keys, global_models / OUT_OF_FOLD)
        tested = InTime.of(read_table(global_models / IN_TIME))
        inside = _labels(wafers, clusters) == cluster
        with fits_near(out) as fits:
            training = read_training_set(wafers, preprocessor, fits)
            fit = fit_cluster(fits, training, inside, everywhere, recipe, engine or Inline())
    done = _describe(cluster, training.failed[inside], fit, recipe)
    with complete_folder(out) as folder:
        if fit.fitted:
            fit.fitted.model.save(folder / recipe.family(fit.family).file)
        _out_of_fold(training_file, inside, cluster, fit, tested.rows(inside)).save(folder / OUT_OF_FOLD)
        write_json(folder / TRAINED_CLUSTER, _summary(done, fit, recipe))
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(cluster_page(done.cluster, done.family, done.figures, recipe), encoding="utf-8")
    return done


def _labels(wafers: TrainingFile, clusters: Clustering) -> Ints:
    labels = np.empty(wafers.wafers, np.int64)
    for part in reported_rows(wafers.parts(clusters.sensors), wafers.wafers, "wafers placed"):
        places = clusters.places(part.readings.astype(np.float64))
        labels[part.row : part.row + len(places)] = clusters.nearest(places)
    return labels


def _load_scores(keys: Keys, path: Path) -> dict[str, Floats]:
    table = read_table(path)
    if not np.array_equal(keys_of(table["key"]), keys):
        raise BundleRejected("The global models were trained on other wafers than these; run the training again.")
    return {name: table[name].to_numpy() for name in table.column_names if name != "key"}


def _out_of_fold(training_file: Path, inside: Bools, cluster: int, fit: ClusterFit, in_time: InTime) -> OutOfFold:
    with TrainingFile(training_file) as wafers:
        keys, failed = wafers.keys[inside], wafers.failed[inside]
        ids, names = (wafers.column(name).filter(pa.array(inside)).combine_chunks() for name in ("_id", "_wafer"))
    return OutOfFold(
        keys=keys,
        ids=ids,
        names=names,
        cluster=np.full(len(keys), cluster),
        failed=failed,
        probability=probability_of(fit.calibrations[fit.family].log_odds(fit.scores[fit.family])),
        in_time=in_time,
    )


def _describe(cluster: int, failed: Bools, fit: ClusterFit, recipe: Recipe) -> TrainedCluster:
    figures = {
        name: judge(failed, probability_of(fit.calibrations[name].log_odds(scores)), recipe)
        for name, scores in fit.scores.items()
    }
    return TrainedCluster(
        cluster=cluster,
        wafers=len(failed),
        failures=int(failed.sum()),
        family=fit.family,
        threshold=figures[fit.family].threshold,
        figures=figures,
    )


def _summary(done: TrainedCluster, fit: ClusterFit, recipe: Recipe) -> ClusterSummary:
    return ClusterSummary(
        cluster=done.cluster,
        family=done.family,
        share=recipe.cluster_share if fit.fitted else 0.0,
        calibration=fit.calibrations[done.family],
        wafers=done.wafers,
        failures=done.failures,
        quality={name: figures.quality for name, figures in done.figures.items()},
    )
