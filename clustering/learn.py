"""KMeans on robustly scaled principal components, and how many clusters the failures allow.

Read in blocks: some sensors of all wafers for what is known of a sensor, some wafers for what is known of all sensors.
Only the places of the wafers on the components are kept, ten numbers a wafer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from kneed import KneeLocator
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from wafer.model.clusters import PERCENTILES, Clustering, NoveltyLimits
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.progress import reported, reported_rows
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.training_file import TrainingFile

_STARTS = 10
_WAFERS_FOR_STARTS = 50_000  # the first by key are a random sample; all wafers move the best start's centroids


@dataclass(frozen=True, slots=True)
class Clusters:
    """Cluster of every wafer, and how their number was chosen."""

    model: Clustering
    labels: Ints  # (wafers,)
    distance: Floats  # (wafers,) as `Clustering.distance` measures it
    inertia: Mapping[int, float]  # k -> within-cluster sum of squares
    elbow: int  # what the curve alone asks for; the model has fewer when failures are too few

    @property
    def k(self) -> int:
        """How many clusters."""
        return self.model.k


def learn_clusters(wafers: TrainingFile, preprocessor: Preprocessor, recipe: Recipe) -> Clusters:
    """Group wafers; k from the elbow of the inertia curve, lowered until each cluster can be learned from."""
    failed = wafers.failed
    # OpenMP adds up in the order its threads finish; one thread gives the same bits every time, and waits for nobody.
    with threadpool_limits(1):
        scaled = _scaled(wafers, preprocessor.sensors, recipe)
        turned = _turned(wafers, scaled, recipe.cluster_components)
        placed = _placed(wafers, turned)
        fits = _fit_all(placed.places, recipe)
    draft = _with_limits(turned, placed, recipe)
    inertia = {k: fit[1] for k, fit in fits.items()}
    elbow = _elbow(inertia)
    for k in range(elbow, 0, -1):
        model = replace(draft, centroids=fits[k][0])
        labels = model.nearest(placed.places)
        if k == 1 or _learnable(labels, failed, k, recipe):
            break
    return Clusters(model, labels, placed.distance, inertia, elbow)


def _scaled(wafers: TrainingFile, sensors: tuple[str, ...], recipe: Recipe) -> Clustering:
    """Scale the sensors that speak often enough; of the model nothing else is known yet."""
    columns = reported(wafers.columns(sensors), len(sensors), "sensors described")
    missing, medians, scales = np.array([_described(column) for column in columns]).T
    speaks = missing <= recipe.cluster_max_missing_share
    speaks |= not speaks.any()  # nothing speaks often: better all sensors than none
    return Clustering(
        sensors=tuple(name for name, keep in zip(sensors, speaks, strict=True) if keep),
        medians=medians[speaks],
        scales=scales[speaks],
        clip=recipe.cluster_clip,
        mean=np.zeros(int(speaks.sum())),
        components=np.empty((0, int(speaks.sum()))),
        centroids=np.empty((0, 0)),
        distances=PERCENTILES,
        limits=NoveltyLimits(recipe.novelty_percentile, 1.0, recipe.novelty_margin),
    )


def _described(readings: Floats) -> tuple[float, float, float]:
    """Share of missing readings, median and scale of a sensor.

    The scale is the interquartile range, or the deviation where that is 0.
    """
    spoken = readings[~np.isnan(readings)]
    low, median, high = np.quantile(spoken, [0.25, 0.5, 0.75])
    scale = high - low if high > low else spoken.std()
    return 1 - len(spoken) / len(readings), median, scale


def _turned(wafers: TrainingFile, scaled: Clustering, wanted: int) -> Clustering:
    """Add principal components; their signs are fixed so that the same wafers give the same bits."""
    width = len(scaled.sensors)
    sums, products = np.zeros(width), np.zeros((width, width))
    for part in reported_rows(wafers.parts(scaled.sensors), wafers.wafers, "wafers summed"):
        z = scaled.clipped(part.readings.astype(np.float64))
        sums += z.sum(axis=0)
        products += z.T @ z
    mean = sums / wafers.wafers
    _, vectors = np.linalg.eigh(products / wafers.wafers - np.outer(mean, mean))  # the strongest comes last
    vectors = vectors.T[::-1][:wanted]
    largest = np.abs(vectors).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), largest])
    return replace(scaled, mean=mean, components=np.ascontiguousarray(vectors * signs[:, None]))


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the wafers lie."""

    places: Floats  # (wafers, components)
    distance: Floats  # (wafers,)
    missing: float  # largest share of silent sensors of a wafer


def _placed(wafers: TrainingFile, turned: Clustering) -> _Placed:
    places, distance = np.empty((wafers.wafers, len(turned.components))), np.empty(wafers.wafers)
    missing = 0.0
    for part in reported_rows(wafers.parts(turned.sensors), wafers.wafers, "wafers placed"):
        readings = part.readings.astype(np.float64)
        rows = slice(part.row, part.row + len(readings))
        places[rows], distance[rows] = turned.places(readings), turned.distance(readings)
        missing = max(missing, float(np.isnan(readings).mean(axis=1).max()))
    return _Placed(places, distance, missing)


def _with_limits(turned: Clustering, placed: _Placed, recipe: Recipe) -> Clustering:
    limits = replace(turned.limits, missing_share=placed.missing + recipe.novelty_missing_margin)
    return replace(turned, distances=np.quantile(placed.distance, PERCENTILES / 100), limits=limits)


def _fit_all(places: Floats, recipe: Recipe) -> dict[int, tuple[Floats, float]]:
    """Fit k = 1 … max_clusters; return centroids, largest cluster first, and inertia."""
    fits = {}
    most = min(recipe.max_clusters, len(np.unique(places[:_WAFERS_FOR_STARTS], axis=0)))
    for k in reported(range(1, most + 1), most, "numbers of clusters tried"):
        fit = KMeans(k, n_init=_STARTS, random_state=recipe.seed).fit(places[:_WAFERS_FOR_STARTS])
        if len(places) > _WAFERS_FOR_STARTS:
            fit = KMeans(k, init=fit.cluster_centers_, n_init=1).fit(places)
        by_size = np.argsort(-np.bincount(fit.labels_, minlength=k), kind="stable")
        fits[k] = (fit.cluster_centers_[by_size], float(fit.inertia_))
    return fits


def _elbow(inertia: Mapping[int, float]) -> int:
    """Return the k where the curve bends most (kneed); 1 when it does not bend."""
    if len(inertia) < 3:
        return 1
    knee = KneeLocator(list(inertia), list(inertia.values()), curve="convex", direction="decreasing").knee
    return int(knee) if knee else 1


def _learnable(labels: Ints, failed: Bools, k: int, recipe: Recipe) -> bool:
    failures = np.bincount(labels[failed], minlength=k)
    passes = np.bincount(labels[~failed], minlength=k)
    return bool(failures.min() >= recipe.min_cluster_failures and passes.min() >= recipe.min_cluster_failures)
