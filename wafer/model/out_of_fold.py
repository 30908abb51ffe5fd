"""Scores of the training wafers by models that never saw them: the ground of thresholds, figures and promotion."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wafer.evaluation.metrics import measure
from wafer.evaluation.quality import Quality
from wafer.model.calibration import threshold_for
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.table import read_table


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """One row a training wafer."""

    keys: tuple[str, ...]  # digest of its readings (`content_keys`), whatever it is called
    ids: tuple[str, ...]
    names: tuple[str, ...]
    cluster: Ints
    failed: Bools
    probability: Floats  # calibrated

    def threshold(self, false_alarm_budget: float) -> float:
        """Return the probability from which a wafer is flagged when this share of the good ones may be."""
        return threshold_for(false_alarm_budget, self.probability, self.failed)

    def quality(self, false_alarm_budget: float) -> Quality:
        """Return the figures of all training wafers under one threshold."""
        return measure(self.failed, self.probability, self.probability >= self.threshold(false_alarm_budget))

    def save(self, path: Path) -> None:
        """Write the rows as Parquet, ordered by key."""
        table = pa.table(
            {
                "key": list(self.keys),
                "_id": list(self.ids),
                "Wafer": list(self.names),
                "cluster": pa.array(self.cluster, pa.int32()),
                "failed": pa.array(self.failed),
                "probability": self.probability,
            }
        )
        pq.write_table(table.sort_by([("key", "ascending"), ("failed", "ascending")]), path)


def load_out_of_fold(path: Path) -> OutOfFold:
    """Read what `save` wrote."""
    table = read_table(path)
    return OutOfFold(
        keys=tuple(table["key"].to_pylist()),
        ids=tuple(table["_id"].to_pylist()),
        names=tuple(table["Wafer"].to_pylist()),
        cluster=table["cluster"].to_numpy().astype(np.int64),
        failed=table["failed"].to_numpy(zero_copy_only=False).astype(bool),
        probability=table["probability"].to_numpy().astype(np.float64),
    )


def joined(parts: list[OutOfFold]) -> OutOfFold:
    """Put the rows of several clusters together."""
    return OutOfFold(
        keys=tuple(key for part in parts for key in part.keys),
        ids=tuple(each for part in parts for each in part.ids),
        names=tuple(name for part in parts for name in part.names),
        cluster=np.concatenate([part.cluster for part in parts]),
        failed=np.concatenate([part.failed for part in parts]),
        probability=np.concatenate([part.probability for part in parts]),
    )
