"""Where a wafer lies among the training wafers: its cluster, and how far out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from wafer.model.codec import FloatsInJson
from wafer.wafers.arrays import Floats, Ints, Wafers
from wafer.wafers.identity import as_models_see

PERCENTILES = np.linspace(0.0, 100.0, 1001)
_NOVELTY_CLIP = 10.0
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class NoveltyLimits:
    """Beyond any of these a wafer is `inspect`."""

    percentile: float  # of the distance, 0 to 100
    missing_share: float
    margin: float | None = (
        None  # beyond the percentile, or below its counterpart, by this share of it; None: no lower one
    )
    ranges: float = 0.0  # in bundles of before recipe 4: training ranges beyond the lowest or highest reading


@dataclass(frozen=True, slots=True)
class Clustering:
    """Robust scaling, principal components and centroids; every answer is computed row by row.

    No matrix product is used: its last bit may change with the number of rows, and with it a wafer's answer.
    """

    sensors: tuple[str, ...]
    medians: FloatsInJson  # (sensors,)
    scales: FloatsInJson  # (sensors,), above 0
    clip: float
    mean: FloatsInJson  # (sensors,) of the clipped z
    components: FloatsInJson  # (components, sensors)
    centroids: FloatsInJson  # (clusters, components)
    distances: FloatsInJson  # (1001,) training distances at PERCENTILES
    limits: NoveltyLimits
    lows: FloatsInJson = field(default_factory=lambda: np.empty(0))  # in bundles of before recipe 4: (sensors,) lowest
    highs: FloatsInJson = field(default_factory=lambda: np.empty(0))  # and highest training reading

    @property
    def k(self) -> int:
        """How many clusters."""
        return len(self.centroids)

    def assign(self, wafers: Wafers) -> Ints:
        """Return the nearest centroid of each wafer, (wafers,)."""
        return self.nearest(self.places(self._readings(wafers)))

    def places(self, readings: Floats) -> Floats:
        """Return where wafers lie on the principal components, (wafers, components)."""
        return row_products(self.clipped(readings) - self.mean, self.components)

    def clipped(self, readings: Floats) -> Floats:
        """Return robust z, clipped, (wafers, sensors); a silent sensor reads as its median."""
        return np.clip(self._robust_z(readings), -self.clip, self.clip)

    def nearest(self, places: Floats) -> Ints:
        """Return the nearest centroid of each place, (wafers,)."""
        found = np.empty(len(places), dtype=np.int64)
        for rows in _chunks(len(places)):
            squared = ((places[rows, None, :] - self.centroids) ** 2).sum(axis=-1)
            found[rows] = squared.argmin(axis=1)
        return found

    @property
    def usual_distance(self) -> tuple[float, float]:
        """Between which distances wafers usually lie."""
        outer, margin = self.limits.percentile, self.limits.margin
        low, high = np.interp([100 - outer, outer], PERCENTILES, self.distances)
        return (0.0, float(high)) if margin is None else (float(low * (1 - margin)), float(high * (1 + margin)))

    def distance_and_silence(self, wafers: Wafers) -> tuple[Floats, Floats]:
        """Return the distance of each wafer, (wafers,), and the share of its sensors that are silent, (wafers,)."""
        readings = self._readings(wafers)
        return self.distance(readings), np.isnan(readings).mean(axis=1)

    def percentile(self, distance: Floats) -> Floats:
        """Return the share of the training wafers that lie closer, 0 to 100."""
        return np.interp(distance, self.distances, PERCENTILES)

    def distance(self, readings: Floats) -> Floats:
        """Return the root mean square of robust z, clipped so that one broken sensor does not hide the others."""
        z = np.clip(self._robust_z(readings), -_NOVELTY_CLIP, _NOVELTY_CLIP)
        return np.asarray(np.sqrt((z**2).mean(axis=1)))

    def _readings(self, wafers: Wafers) -> Floats:
        """As preprocessing handed them on, so that a training wafer lies where it lay in training."""
        return as_models_see(wafers.columns(self.sensors)).astype(np.float64)

    def _robust_z(self, readings: Floats) -> Floats:
        return np.ascontiguousarray(np.where(np.isnan(readings), 0.0, (readings - self.medians) / self.scales))


def row_products(rows: Floats, vectors: Floats) -> Floats:
    """Return the dot product of every row with every vector, each summed by itself in a fixed order."""
    products = np.empty((len(rows), len(vectors)))
    for some in _chunks(len(rows)):
        products[some] = (rows[some, None, :] * vectors[None, :, :]).sum(axis=-1)
    return products


def _chunks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _CHUNK):
        yield slice(start, start + _CHUNK)
