"""KMeans on robustly scaled principal components, and how many clusters the failures allow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from kneed import KneeLocator
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from wafer.model.clusters import PERCENTILES, Clustering, NoveltyLimits
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Floats, Ints, Wafers

_STARTS = 10


@dataclass(frozen=True, slots=True)
class Clusters:
    """Cluster of every wafer, and how their number was chosen."""

    model: Clustering
    labels: Ints  # (wafers,)
    inertia: Mapping[int, float]  # k -> within-cluster sum of squares
    elbow: int  # what the curve alone asks for; the model has fewer when failures are too few

    @property
    def k(self) -> int:
        """How many clusters."""
        return self.model.k


def learn_clusters(wafers: Wafers, preprocessor: Preprocessor, recipe: Recipe) -> Clusters:
    """Group wafers; k from the elbow of the inertia curve, lowered until each cluster can be learned from."""
    scaled = _scale(wafers, preprocessor, recipe)
    # OpenMP adds up in the order its threads finish; one thread gives the same bits every time, and waits for nobody.
    with threadpool_limits(1):
        mean, components = _principal_components(scaled.z, recipe.cluster_components)
        places = (scaled.z - mean) @ components.T
        fits = _fit_all(places, recipe)
    inertia = {k: fit[1] for k, fit in fits.items()}
    elbow = _elbow(inertia)
    for k in range(elbow, 0, -1):
        model = _model(scaled, mean, components, fits[k][0], recipe)
        labels = model.assign(wafers)
        if k == 1 or _learnable(labels, wafers, k, recipe):
            break
    return Clusters(model, labels, inertia, elbow)


@dataclass(frozen=True, slots=True)
class _Scaled:
    sensors: tuple[str, ...]
    readings: Floats
    medians: Floats
    scales: Floats
    z: Floats  # clipped


def _scale(wafers: Wafers, preprocessor: Preprocessor, recipe: Recipe) -> _Scaled:
    """Scale the sensors that speak often enough by median and interquartile range, by deviation where that is 0."""
    readings = wafers.columns(preprocessor.sensors)
    speaks = np.isnan(readings).mean(axis=0) <= recipe.cluster_max_missing_share
    speaks |= not speaks.any()  # nothing speaks often: better all sensors than none
    readings = readings[:, speaks]
    sensors = tuple(name for name, keep in zip(preprocessor.sensors, speaks, strict=True) if keep)
    low, medians, high = np.nanquantile(readings, [0.25, 0.5, 0.75], axis=0)
    scales = np.where(high > low, high - low, np.nanstd(readings, axis=0))
    z = np.where(np.isnan(readings), 0.0, (readings - medians) / scales)
    return _Scaled(sensors, readings, medians, scales, np.clip(z, -recipe.cluster_clip, recipe.cluster_clip))


def _principal_components(z: Floats, wanted: int) -> tuple[Floats, Floats]:
    """Return mean and components, (components, sensors); signs fixed so that the same data give the same bits."""
    mean = z.mean(axis=0)
    _, _, vectors = np.linalg.svd(z - mean, full_matrices=False)
    vectors = vectors[:wanted]
    largest = np.abs(vectors).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), largest])
    return mean, np.ascontiguousarray(vectors * signs[:, None])


def _fit_all(places: Floats, recipe: Recipe) -> dict[int, tuple[Floats, float]]:
    """Fit k = 1 … max_clusters; return centroids, largest cluster first, and inertia."""
    fits = {}
    for k in range(1, min(recipe.max_clusters, len(np.unique(places, axis=0))) + 1):
        fit = KMeans(k, n_init=_STARTS, random_state=recipe.seed).fit(places)
        by_size = np.argsort(-np.bincount(fit.labels_, minlength=k), kind="stable")
        fits[k] = (fit.cluster_centers_[by_size], float(fit.inertia_))
    return fits


def _elbow(inertia: Mapping[int, float]) -> int:
    """Return the k where the curve bends most (kneed); 1 when it does not bend."""
    if len(inertia) < 3:
        return 1
    knee = KneeLocator(list(inertia), list(inertia.values()), curve="convex", direction="decreasing").knee
    return int(knee) if knee else 1


def _learnable(labels: Ints, wafers: Wafers, k: int, recipe: Recipe) -> bool:
    failed = wafers.known_failed
    failures = np.bincount(labels[failed], minlength=k)
    passes = np.bincount(labels[~failed], minlength=k)
    return bool(failures.min() >= recipe.min_cluster_failures and passes.min() >= recipe.min_cluster_failures)


def _model(scaled: _Scaled, mean: Floats, components: Floats, centroids: Floats, recipe: Recipe) -> Clustering:
    missing = np.isnan(scaled.readings).mean(axis=1).max()
    limits = NoveltyLimits(
        recipe.novelty_percentile, recipe.novelty_ranges, float(missing) + recipe.novelty_missing_margin
    )
    draft = Clustering(
        sensors=scaled.sensors,
        medians=scaled.medians,
        scales=scaled.scales,
        lows=np.nanmin(scaled.readings, axis=0),
        highs=np.nanmax(scaled.readings, axis=0),
        clip=recipe.cluster_clip,
        mean=mean,
        components=components,
        centroids=centroids,
        distances=PERCENTILES,
        limits=limits,
    )
    return replace(draft, distances=np.quantile(draft.distance(scaled.readings), PERCENTILES / 100))
