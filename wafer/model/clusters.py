"""Where a wafer lies among the training wafers: its cluster, and whether it is too far out to be judged at all."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wafer.model.codec import FloatsInJson
from wafer.wafers.arrays import Bools, Floats, Ints, Wafers
from wafer.wafers.identity import as_models_see

PERCENTILES = np.linspace(0.0, 100.0, 1001)
_NOVELTY_CLIP = 10.0
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Novelty:
    """How unlike the training wafers each wafer is; rows as in the wafers asked about."""

    distance: Floats  # root mean square of robust z over the sensors
    percentile: Floats  # the same among the training wafers, 0 to 100
    far_sensors: Ints  # readings further out than several whole training ranges
    missing_share: Floats  # of the sensors looked at
    unlike: Bools  # beyond one of the limits

    def reason(self, row: int, limits: "NoveltyLimits") -> str:
        """Say in one sentence why this wafer is not judged; empty when it is."""
        facts = []
        if self.missing_share[row] > limits.missing_share:
            facts.append(f"{self.missing_share[row]:.0%} of its sensors are silent")
        if self.far_sensors[row]:
            facts.append(f"{self.far_sensors[row]} sensor(s) read far outside anything seen in training")
        if self.percentile[row] > limits.percentile:
            facts.append(f"it lies further out than {limits.percentile:g} % of the training wafers")
        return "; ".join(facts)


@dataclass(frozen=True, slots=True)
class NoveltyLimits:
    """Beyond any of these a wafer is `inspect`."""

    percentile: float  # of the distance, 0 to 100
    ranges: float  # whole training ranges beyond the lowest or highest reading
    missing_share: float


@dataclass(frozen=True, slots=True)
class Clustering:
    """Robust scaling, principal components and centroids; every answer is computed row by row.

    No matrix product is used: its last bit may change with the number of rows, and with it a wafer's answer.
    """

    sensors: tuple[str, ...]
    medians: FloatsInJson  # (sensors,)
    scales: FloatsInJson  # (sensors,), above 0
    lows: FloatsInJson  # (sensors,) lowest training reading
    highs: FloatsInJson
    clip: float
    mean: FloatsInJson  # (sensors,) of the clipped z
    components: FloatsInJson  # (components, sensors)
    centroids: FloatsInJson  # (clusters, components)
    distances: FloatsInJson  # (1001,) training distances at PERCENTILES
    limits: NoveltyLimits

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

    def novelty(self, wafers: Wafers) -> Novelty:
        """Measure how unlike the training wafers each wafer is."""
        readings = self._readings(wafers)
        distance = self.distance(readings)
        percentile = self.percentile(distance)
        margin = self.limits.ranges * (self.highs - self.lows)
        far = ((readings < self.lows - margin) | (readings > self.highs + margin)).sum(axis=1)
        missing = np.isnan(readings).mean(axis=1)
        beyond = distance > np.interp(self.limits.percentile, PERCENTILES, self.distances)
        unlike = beyond | (far > 0) | (missing > self.limits.missing_share)
        return Novelty(distance, percentile, far.astype(np.int64), missing, unlike)

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
