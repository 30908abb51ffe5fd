"""How unlike the training wafers a wafer is: too unlike, and it is not judged at all.

Four rules: a reading far outside those of training, readings that do not fit together, a distance from the middle that
no training wafer has (too far or too near), too many silent sensors.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wafer.model.clusters import Clustering
from wafer.model.usual import Pattern, Spans
from wafer.shares import percent
from wafer.wafers.arrays import Bools, Floats, Ints, Wafers
from wafer.wafers.identity import as_models_see
from wafer.wafers.table import read_table

NAMED = 3  # sensors in a reason
_LIMITS = b"limits"

Tell = Callable[[int], str]  # row -> why the wafer there is not judged


@dataclass(frozen=True, slots=True)
class Novelty:
    """How unlike the training wafers each wafer is; rows as in the wafers asked about."""

    distance: Floats  # root mean square of robust z over the sensors of the clusters
    percentile: Floats  # the same among the training wafers, 0 to 100
    residual: Floats  # what the pattern leaves over, as a share of its limit
    missing_share: Floats  # of the sensors of the clusters
    notes: tuple[str, ...]  # why a wafer is not judged; empty where it is

    @property
    def unlike(self) -> Bools:
        """Which wafers are beyond one of the limits, (wafers,)."""
        return np.array([note != "" for note in self.notes], dtype=bool)


@dataclass(frozen=True)  # no slots: what is found once is kept
class NoveltyModel:
    """What preprocessing found usual, and where novelty begins; distance and silence are measured by the clusters."""

    spans: Spans
    ranges: float  # training ranges beyond the lowest or highest reading
    pattern: Pattern
    residual: float  # the largest one that is usual

    @classmethod
    def of_clusters(cls, clusters: Clustering) -> "NoveltyModel":
        """The rules of a bundle of before recipe 4, which knows the sensors of its clusters and no pattern."""
        spans = Spans(clusters.sensors, clusters.lows, clusters.highs)
        return cls(spans, clusters.limits.ranges, Pattern.none(), np.inf)

    def novelty(self, wafers: Wafers, clusters: Clustering) -> Novelty:
        """Measure how unlike the training wafers each wafer is."""
        readings = as_models_see(wafers.columns(self.spans.sensors)).astype(np.float64)
        together = readings[:, self._places]
        far = self.spans.excess(readings) > self.ranges
        residual = self.pattern.oddness(together) / self.residual
        distance, missing = clusters.distance_and_silence(wafers)
        nearest, farthest = clusters.usual_distance
        limits = clusters.limits
        rules: list[tuple[Bools, Tell]] = [
            (missing > limits.missing_share, lambda row: f"{percent(missing[row], 0)} of its sensors are silent"),
            (np.asarray(far.any(axis=1)), lambda row: self._outside(far[row])),
            (residual > 1, lambda row: self._apart(together[[row]])),
            (distance > farthest, lambda _: f"it lies further out than {limits.percentile:g} % of the training wafers"),
            (distance < nearest, lambda _: "its readings lie closer to the training medians than real wafers do"),
        ]
        percentile = clusters.percentile(distance)
        return Novelty(distance, percentile, residual, missing, _notes(rules, len(wafers)))

    @cached_property
    def _places(self) -> Ints:
        place = {name: number for number, name in enumerate(self.spans.sensors)}
        return np.array([place[name] for name in self.pattern.sensors], dtype=np.int64)

    def _outside(self, far: Bools) -> str:
        names = [self.spans.sensors[place] for place in np.flatnonzero(far)]
        more = " …" if len(names) > NAMED else ""
        return f"{len(names)} sensor(s) read far outside anything seen in training ({', '.join(names[:NAMED])}{more})"

    def _apart(self, readings: Floats) -> str:
        names = self.pattern.oddest(readings)[:NAMED]
        return f"its sensors do not read together as in training (above all {', '.join(names)})"

    def save(self, path: Path) -> None:
        """Write a row a sensor as Parquet, and the limits as its metadata."""
        pattern = self.pattern
        limits = {"ranges": self.ranges, "residual": self.residual, "clip": pattern.clip}
        by_sensor = np.stack([pattern.medians, pattern.scales, pattern.means, *pattern.components])
        rows = np.full((len(self.spans.sensors), len(by_sensor)), np.nan)
        rows[self._places] = by_sensor.T
        spans = {"sensor": self.spans.sensors, "low": self.spans.lows, "high": self.spans.highs}
        described = dict(zip(("median", "scale", "mean"), rows.T, strict=False))
        components = pa.FixedSizeListArray.from_arrays(rows[:, 3:].astype(np.float32).ravel(), len(pattern.components))
        table = pa.table({**spans, **described, "components": components})
        pq.write_table(table.replace_schema_metadata({_LIMITS: json.dumps(limits)}), path, use_dictionary=False)


def load_novelty(path: Path) -> NoveltyModel:
    """Read what `save` wrote."""
    table = read_table(path)
    limits = json.loads(table.schema.metadata[_LIMITS])
    low, high, median, scale, mean = (table[name].to_numpy() for name in ("low", "high", "median", "scale", "mean"))
    used = ~np.isnan(scale)
    sensors = tuple(table["sensor"].to_pylist())
    components = table["components"].combine_chunks()
    by_sensor = components.flatten().to_numpy().reshape(len(table), components.type.list_size)[used]
    pattern = Pattern(
        sensors=tuple(name for name, here in zip(sensors, used, strict=True) if here),
        medians=median[used],
        scales=scale[used],
        means=mean[used].astype(np.float32),
        components=np.ascontiguousarray(by_sensor.T),
        clip=limits["clip"],
    )
    return NoveltyModel(Spans(sensors, low, high), limits["ranges"], pattern, limits["residual"])


def _notes(rules: list[tuple[Bools, Tell]], wafers: int) -> tuple[str, ...]:
    notes = [""] * wafers
    for row in np.flatnonzero(np.any([broken for broken, _ in rules], axis=0)).tolist():
        notes[row] = "; ".join(tell(row) for broken, tell in rules if broken[row])
    return tuple(notes)
