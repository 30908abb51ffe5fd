"""The training stage this project replaces, with today's libraries: impute, cluster, search a grid in every cluster.

`python -m benchmarks.older EXPORT` runs it in a process of its own and prints its seconds as JSON.
"""

import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from kneed import KneeLocator
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import KNNImputer
from sklearn.model_selection import GridSearchCV, train_test_split
from xgboost import XGBClassifier

from wafer.evaluation.metrics import roc_auc
from wafer.wafers.arrays import Bools, Floats, read_wafers

SEARCH_FOLDS = 4
MAX_CLUSTERS = 10
NEIGHBOURS = 3
SEED = 42


@dataclass(frozen=True, slots=True)
class Grids:
    """What the searches try."""

    forest: Mapping[str, Sequence[Any]]
    boosting: Mapping[str, Sequence[Any]]


FULL = Grids(
    forest={
        "n_estimators": [10, 50, 100, 130],
        "criterion": ["gini", "entropy"],
        "max_depth": [2, 3, 4],
        "max_features": ["sqrt", "log2"],
    },
    boosting={
        "learning_rate": [0.5, 0.1, 0.01, 0.001],
        "max_depth": [3, 5, 10, 20],
        "n_estimators": [10, 50, 100, 200],
    },
)
SMALL = Grids(forest={"n_estimators": [10]}, boosting={"n_estimators": [10]})


@dataclass(frozen=True, slots=True)
class OlderModel:
    """What the older training stage leaves."""

    imputer: Any
    varies: Bools  # columns that are not constant once imputed
    clusters: Any
    models: Mapping[int, Any]  # by cluster; absent where too few wafers of one outcome fell into it
    seconds: dict[str, float] = field(default_factory=dict)

    def probability(self, readings: Floats) -> Floats:
        """Return the chance of failure as the chosen model says it; a cluster without a model passes every wafer."""
        complete = self.imputer.transform(readings)[:, self.varies]
        labels = self.clusters.predict(complete)
        probability = np.zeros(len(readings))
        for cluster in np.intersect1d(labels, list(self.models)):
            mine = labels == cluster
            probability[mine] = self.models[int(cluster)].predict_proba(complete[mine])[:, 1]
        return probability


def fit_older(readings: Floats, failed: Bools, grids: Grids, n_jobs: int | None) -> OlderModel:
    """Train as the older system does; `n_jobs` processes share each search, None leaves it to the libraries."""
    start = time.perf_counter()
    imputer = KNNImputer(n_neighbors=NEIGHBOURS)
    complete = imputer.fit_transform(readings)
    varies = complete.std(axis=0) > 0
    complete = complete[:, varies]
    imputed = time.perf_counter()
    clusters, labels = _cluster(complete)
    clustered = time.perf_counter()
    parts = {int(each): labels == each for each in np.unique(labels)}
    models = {each: _best_model(complete[mine], failed[mine], grids, n_jobs) for each, mine in parts.items()}
    seconds = {"KNNImputer": imputed - start, "KMeans 1-10": clustered - imputed}
    seconds["grid searches"] = time.perf_counter() - clustered
    return OlderModel(imputer, varies, clusters, {k: model for k, model in models.items() if model}, seconds)


def _cluster(complete: Floats) -> tuple[Any, Any]:
    tried = range(1, MAX_CLUSTERS + 1)
    inertia = [KMeans(k, init="k-means++", random_state=SEED).fit(complete).inertia_ for k in tried]
    k = KneeLocator(list(tried), inertia, curve="convex", direction="decreasing").knee or 1
    clusters = KMeans(int(k), init="k-means++", random_state=SEED)
    return clusters, clusters.fit_predict(complete)


def _best_model(complete: Floats, failed: Bools, grids: Grids, n_jobs: int | None) -> Any:  # noqa: ANN401 - either family
    """Search both families on two thirds of a cluster and keep the one whose verdicts rank the last third better."""
    if len(failed) < 3:
        return None
    learn, test, learn_failed, test_failed = train_test_split(complete, failed, test_size=1 / 3, random_state=355)
    if min(learn_failed.sum(), (~learn_failed).sum()) < SEARCH_FOLDS:
        return None  # the older system stops with an error here
    found = [search.fit(learn, learn_failed.astype(int)).best_estimator_ for search in _searches(grids, n_jobs)]
    if test_failed.all() or not test_failed.any():
        return max(found, key=lambda model: float((model.predict(test) == test_failed).mean()))
    return max(found, key=lambda model: roc_auc(test_failed, model.predict(test).astype(np.float64)))


def _searches(grids: Grids, n_jobs: int | None) -> list[Any]:
    forest = RandomForestClassifier(random_state=SEED)
    boosting = XGBClassifier(objective="binary:logistic", n_jobs=n_jobs and 1)
    pairs: list[tuple[Any, Any]] = [(boosting, grids.boosting), (forest, grids.forest)]
    how: dict[str, Any] = {"cv": SEARCH_FOLDS, "scoring": "accuracy", "n_jobs": n_jobs}
    return [GridSearchCV(model, dict(grid), **how) for model, grid in pairs]


def main() -> None:
    """Train on an export directory; the second word is the number of processes, 0 for the libraries' defaults.

    A third word asks for a small grid.
    """
    warnings.filterwarnings("ignore", message=".*distinct clusters.*")
    export, n_jobs, *small = sys.argv[1:]
    wafers = read_wafers(Path(export))
    failed = wafers.known_failed
    for package in ("kneed", "sklearn.cluster", "sklearn.ensemble", "sklearn.impute", "xgboost"):
        import_module(package)  # imports are not the older stage's own time
    model = fit_older(wafers.readings, failed, SMALL if small else FULL, int(n_jobs) or None)
    result = {"seconds": model.seconds, "clusters": int(model.clusters.n_clusters)}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
