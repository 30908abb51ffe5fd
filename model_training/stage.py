"""Train on the wafers of one run: `fit_global_models` once, then `train_cluster` for every cluster, side by side."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_training.families import Fitted
from model_training.judge import FamilyFigures, judge
from model_training.learn import ClusterFit, fit_cluster, fit_global
from model_training.page import cluster_page
from model_training.stretches import stretch_auc
from wafer.errors import BundleRejected
from wafer.evaluation.metrics import roc_auc
from wafer.model.assembly import CLUSTERS, GLOBAL, MEMBER, OUT_OF_FOLD, PREPROCESSOR
from wafer.model.calibration import probability_of
from wafer.model.clusters import Clustering
from wafer.model.files import read_json, replacing, write_json
from wafer.model.members import FAMILIES, Family
from wafer.model.out_of_fold import OutOfFold
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet, training_set
from wafer.wafers.arrays import Bools, Floats, Wafers, content_keys, read_wafers, training_rows
from wafer.wafers.table import read_table


@dataclass(frozen=True, slots=True)
class GlobalModels:
    """Both families fitted on all wafers."""

    wafers: int
    failures: int
    auc: dict[Family, float]  # out of fold
    auc_stretches: float | None  # of boosted trees, with stretches of consecutive wafers held out


@dataclass(frozen=True, slots=True)
class TrainedCluster:
    """One cluster's models and their figures, all out of fold."""

    cluster: int
    wafers: int
    failures: int
    family: Family  # the one that serves
    threshold: float  # at which the cluster's own false alarms meet the budget
    figures: dict[Family, FamilyFigures]
    parameters: dict[Family, dict[str, Any]]


def fit_global_models(
    export: Path, preprocessor: Path, out: Path, recipe: Recipe | None = None, n_jobs: int = 1
) -> GlobalModels:
    """Fit both families on all wafers and write the directory `out`; `n_jobs` changes the time, never the bytes."""
    recipe = recipe or Recipe()
    wafers, training = _training_set(export, preprocessor, recipe)
    with _boosting_pool(n_jobs) as pool, ThreadPoolExecutor(1) as waiting:
        stretched = waiting.submit(stretch_auc, wafers, training, recipe, pool)
        fitted = fit_global(training, recipe, _forest_jobs(n_jobs), pool)
        stretches = stretched.result()
    auc = {family: roc_auc(training.failed, fitted[family].scores) for family in FAMILIES}
    with replacing(out) as folder:
        for family, each in fitted.items():
            each.member.save(folder / f"{family}.ubj")
        _save_scores(wafers, fitted, folder / OUT_OF_FOLD)
        write_json(folder / GLOBAL, {"auc": auc, "auc_stretches": stretches, "recipe": recipe.to_json()})
    return GlobalModels(len(wafers), int(training.failed.sum()), auc, stretches)


def train_cluster(
    cluster: int,
    export: Path,
    preprocessor: Path,
    cluster_model: Path,
    global_models: Path,
    out: Path,
    report: Path,
    n_jobs: int = 1,
) -> TrainedCluster:
    """Train one cluster by the recipe of the global models; write the directory `out` and the HTML page `report`."""
    recipe = Recipe(**read_json(global_models / GLOBAL)["recipe"])
    wafers, training = _training_set(export, preprocessor, recipe)
    labels = Clustering.from_json(read_json(cluster_model / CLUSTERS)).assign(wafers)
    inside: Bools = labels == cluster
    everywhere = _load_scores(wafers, global_models / OUT_OF_FOLD)
    with _boosting_pool(n_jobs) as pool:
        fit = fit_cluster(training, inside, everywhere, recipe, _forest_jobs(n_jobs), pool)
    done = _describe(cluster, training.failed[inside], fit, recipe)
    with replacing(out) as folder:
        if fit.fitted:
            fit.fitted.member.save(folder / f"{fit.family}.ubj")
        _out_of_fold(wafers.rows(inside), cluster, fit).save(folder / OUT_OF_FOLD)
        write_json(folder / MEMBER, _member(done, fit, recipe))
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(cluster_page(done.cluster, done.family, done.figures, recipe), encoding="utf-8")
    return done


def _boosting_pool(n_jobs: int) -> ThreadPoolExecutor:
    """Threads for boosting: half of the cores, at least one; the forest has the others.

    Both families import scikit-learn. Two threads that do so at once can find it half imported, so it is done before.
    """
    import sklearn.ensemble  # noqa: F401
    import xgboost  # noqa: F401

    return ThreadPoolExecutor(max(1, n_jobs // 2))


def _forest_jobs(n_jobs: int) -> int:
    return max(1, n_jobs - n_jobs // 2)


def _training_set(export: Path, preprocessor: Path, recipe: Recipe) -> tuple[Wafers, TrainingSet]:
    """Read what every task of a run learns from; each finds the same, since only the inputs decide it."""
    wafers = training_rows(read_wafers(export))
    failed = np.zeros(len(wafers), bool) if wafers.failed is None else wafers.failed
    features = Preprocessor.from_json(read_json(preprocessor / PREPROCESSOR)).transform(wafers)
    return wafers, training_set(features, failed, recipe.folds)


def _save_scores(wafers: Wafers, fitted: Mapping[Family, Fitted], path: Path) -> None:
    columns: dict[str, list[str] | Floats] = {"key": content_keys(wafers)}
    columns |= {family: fitted[family].scores for family in FAMILIES}
    pq.write_table(pa.table(columns), path)


def _load_scores(wafers: Wafers, path: Path) -> dict[Family, Floats]:
    table = read_table(path)
    if table["key"].to_pylist() != content_keys(wafers):
        raise BundleRejected("The global models were trained on other wafers than these; run the training again.")
    return {family: table[family].to_numpy() for family in FAMILIES}


def _out_of_fold(wafers: Wafers, cluster: int, fit: ClusterFit) -> OutOfFold:
    return OutOfFold(
        keys=tuple(content_keys(wafers)),
        ids=wafers.ids,
        names=wafers.names,
        cluster=np.full(len(wafers), cluster),
        failed=np.zeros(len(wafers), bool) if wafers.failed is None else wafers.failed,
        probability=probability_of(fit.calibrations[fit.family].log_odds(fit.scores[fit.family])),
    )


def _describe(cluster: int, failed: Bools, fit: ClusterFit, recipe: Recipe) -> TrainedCluster:
    figures = {
        family: judge(failed, probability_of(fit.calibrations[family].log_odds(fit.scores[family])), recipe)
        for family in FAMILIES
    }
    return TrainedCluster(
        cluster=cluster,
        wafers=len(failed),
        failures=int(failed.sum()),
        family=fit.family,
        threshold=figures[fit.family].threshold,
        figures=figures,
        parameters={family: recipe.parameters(family) for family in FAMILIES},
    )


def _member(done: TrainedCluster, fit: ClusterFit, recipe: Recipe) -> dict[str, Any]:
    """Say what prediction needs to know of a cluster, and what a reader wants to."""
    return {
        "cluster": done.cluster,
        "family": done.family,
        "share": recipe.cluster_share if fit.fitted else 0.0,
        "calibration": fit.calibrations[done.family].to_json(),
        "wafers": done.wafers,
        "failures": done.failures,
        "quality": {family: figures.quality.to_json() for family, figures in done.figures.items()},
    }
