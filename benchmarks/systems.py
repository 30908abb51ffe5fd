"""The product and its peers: each learns from labelled wafers and answers for others."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from benchmarks.older import FULL, SMALL, fit_older
from benchmarks.packages import XGBOOST
from benchmarks.source import wafers_of, write_export
from clustering.stage import cluster_wafers
from model_training.stage import fit_global_models, train_cluster
from preprocessing_train.stage import fit_preprocessor
from wafer.engine import Inline
from wafer.model.assembly import assemble_bundle
from wafer.model.calibration import threshold_for
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.process import cores
from wafer.wafers.arrays import Bools, Floats, Ints, Wafers

OLDER = "older recipe"
TREES = 500
RIDGE = 1e-4  # inverse strength, for 590 standardised sensors and few failures; not searched
_INNER_FOLDS = 3
_ROOT = Path(__file__).resolve().parent.parent
_PRODUCT = ("wafer/model", "wafer/wafers", "wafer/evaluation", "preprocessing_train", "clustering", "model_training")
_LIBRARIES = ("numpy", "scikit-learn", XGBOOST)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system says of the wafers asked about."""

    probability: Floats  # of failure, as the system states it
    flagged: Bools  # at the threshold that the system drew from the wafers it learned from


@dataclass(frozen=True, slots=True)
class System:
    """`answer` takes two tables in the load stage's form: wafers to learn from, wafers to ask about."""

    name: str
    answer: Callable[[pa.Table, pa.Table], Answer]
    digest: str  # of everything the answers depend on besides the wafers


class Classifier(Protocol):
    """A model as scikit-learn has them."""

    def fit(self, readings: Floats, failed: Ints) -> "Classifier":
        """Learn."""

    def predict_proba(self, readings: Floats) -> Floats:
        """Return the probability of passing and of failing, (wafers, 2)."""


def systems(*, quick: bool) -> list[System]:
    """The product first, then its peers."""
    recipe, trees = Recipe(), TREES
    if quick:
        families = (RandomForest(trees=60, trees_cluster=40), BoostedTrees(rounds=30))
        recipe, trees = replace(recipe, families=families), 60
    grids, budget = SMALL if quick else FULL, recipe.false_alarm_budget
    peers = ("benchmarks/systems.py", "benchmarks/older.py")
    return [
        System("product", lambda a, b: product(a, b, recipe), _digest(_PRODUCT, str(recipe))),
        System("balanced forest", lambda a, b: forest(a, b, trees, budget), _digest(peers, f"{trees} {budget}")),
        System("XGBoost defaults", lambda a, b: boosting(a, b, budget), _digest(peers, str(budget))),
        System("ridge logistic", lambda a, b: logistic(a, b, budget), _digest(peers, str(budget))),
        System(OLDER, lambda a, b: older(a, b, quick=quick), _digest(peers, str(grids))),
    ]


def product_digest() -> str:
    """Short name of the product's training code and libraries as they are now."""
    return _digest(_PRODUCT, str(Recipe()))[:12]


@cache  # what this process has imported, however often the files change meanwhile
def _digest(sources: tuple[str, ...], options: str) -> str:
    found = [
        path for name in sources for path in ([_ROOT / name] if name.endswith(".py") else (_ROOT / name).rglob("*.py"))
    ]
    digest = hashlib.sha256(options.encode())
    for path in sorted(path for path in found if "tests" not in path.parts):
        digest.update(path.read_bytes())
    digest.update(" ".join(version(name) for name in _LIBRARIES).encode())
    return digest.hexdigest()


def product(learn: pa.Table, ask: pa.Table, recipe: Recipe) -> Answer:
    """Every training stage as a run calls it, on the wafers to learn from alone, and the bundle that comes out."""
    engine = Inline(cores())
    with tempfile.TemporaryDirectory(prefix="fold-") as scratch:
        at = Path(scratch)
        export = write_export(learn, at / "export")
        training = at / "training.parquet"
        fit_preprocessor(export, at / "preprocessor", training, recipe)
        found = cluster_wafers(
            training, at / "preprocessor", at / "clusters", at / "clusters.parquet", at / "elbow.html", recipe
        )
        fit_global_models(training, at / "preprocessor", at / "global", recipe, engine)
        trained = [at / f"cluster-{cluster}" for cluster in found.clusters]
        for cluster, folder in zip(found.clusters, trained, strict=True):
            train_cluster(
                cluster, training, at / "preprocessor", at / "clusters", at / "global", folder, at / "page.html", engine
            )
        bundle = assemble_bundle(
            preprocessor_dir=at / "preprocessor",
            cluster_model_dir=at / "clusters",
            global_dir=at / "global",
            cluster_dirs=trained,
            out=at / "bundle",
        )
    scores = bundle.score(wafers_of(ask))
    return Answer(scores.probability, scores.probability >= scores.threshold)


def forest(learn: pa.Table, ask: pa.Table, trees: int, budget: float) -> Answer:
    """One random forest over all wafers, classes balanced, medians for silent sensors; threshold from out-of-bag."""
    (readings, failed), asked = _labelled(learn), wafers_of(ask).readings
    imputer = SimpleImputer(strategy="median").fit(readings)
    model = RandomForestClassifier(trees, class_weight="balanced", oob_score=True, random_state=0, n_jobs=cores()).fit(
        imputer.transform(readings), failed
    )
    threshold = threshold_for(budget, model.oob_decision_function_[:, 1], failed)
    probability = model.predict_proba(imputer.transform(asked))[:, 1]
    return Answer(probability, probability >= threshold)


def boosting(learn: pa.Table, ask: pa.Table, budget: float) -> Answer:
    """XGBoost as it comes, silent sensors left to it."""
    # threads that wait for each other cost more than they bring on this few wafers
    return _in_folds(XGBClassifier(n_jobs=1), learn, ask, budget)


def logistic(learn: pa.Table, ask: pa.Table, budget: float) -> Answer:
    """A ridge logistic regression over all sensors, medians for silent ones."""
    steps = (SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=RIDGE, max_iter=1000))
    return _in_folds(make_pipeline(*steps), learn, ask, budget)


def _in_folds(model: Classifier, learn: pa.Table, ask: pa.Table, budget: float) -> Answer:
    """What a model of scikit-learn's form answers; threshold from folds among the wafers it learned from."""
    (readings, failed), asked = _labelled(learn), wafers_of(ask).readings
    inner = StratifiedKFold(_INNER_FOLDS, shuffle=True, random_state=0)
    unseen = cross_val_predict(model, readings, failed.astype(int), cv=inner, method="predict_proba")[:, 1]
    probability = model.fit(readings, failed.astype(int)).predict_proba(asked)[:, 1].astype(np.float64)
    return Answer(probability, probability >= threshold_for(budget, unseen.astype(np.float64), failed))


def older(learn: pa.Table, ask: pa.Table, *, quick: bool) -> Answer:
    """The older system's training stage; it flags where its chosen model says "fail" (probability .5)."""
    model = fit_older(*_labelled(learn), *((SMALL, 1) if quick else (FULL, cores())))
    probability = model.probability(wafers_of(ask).readings).astype(np.float64)
    return Answer(probability, probability > 0.5)


def _labelled(table: pa.Table) -> tuple[Floats, Bools]:
    wafers: Wafers = wafers_of(table)
    return wafers.readings, wafers.known_failed
