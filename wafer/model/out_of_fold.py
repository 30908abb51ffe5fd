"""Scores of the training wafers by models that never saw them: the ground of thresholds, figures and promotion.

`OutOfFold` names each wafer; it is kept with the training and read again when the model is compared with another. What
a prediction needs of it is `OutcomeCounts`, which a bundle holds, and `known`, eight bytes a wafer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wafer.evaluation.held_out import HeldOutFigures, Tested
from wafer.evaluation.metrics import measure
from wafer.evaluation.quality import Quality
from wafer.evaluation.walk_forward import Stamps
from wafer.model.calibration import threshold_at, threshold_for
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.identity import KEY, Keys, as_column, keys_of
from wafer.wafers.table import read_table

MOST_POINTS = 10_000
Known = npt.NDArray[np.uint64]  # ascending


@dataclass(frozen=True, slots=True)
class InTime:
    """When wafers were delivered, and how models rank them that learned from earlier, or from other, files only."""

    batch: Stamps  # of the wafer's file; NaT where its name says nothing
    forward: Floats  # calibrated probability by a model of earlier files; NaN where no test asked
    whole_file: Floats  # the same by a model of other files

    @classmethod
    def unknown(cls, wafers: int) -> "InTime":
        """Nothing is known, as of trainings of before."""
        untested = np.full(wafers, np.nan)
        return cls(np.full(wafers, "NaT", dtype="datetime64[s]"), untested, untested)

    @classmethod
    def of(cls, table: pa.Table) -> "InTime":
        """Read the columns of a table that has them."""
        forward, whole_file = (table[name].to_numpy().astype(np.float64) for name in ("forward", "whole_file"))
        return cls(table["batch"].to_numpy().astype("datetime64[s]"), forward, whole_file)

    def columns(self) -> dict[str, pa.Array]:
        """The columns of a table."""
        return {
            "batch": pa.array(self.batch),
            "forward": pa.array(self.forward),
            "whole_file": pa.array(self.whole_file),
        }

    def rows(self, index: Ints | Bools) -> "InTime":
        """Return those of these wafers."""
        return InTime(self.batch[index], self.forward[index], self.whole_file[index])


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """One row a training wafer, ordered by key and outcome."""

    keys: Keys  # digest of its readings, whatever it is called
    ids: pa.Array
    names: pa.Array
    cluster: Ints
    failed: Bools
    probability: Floats  # calibrated
    in_time: InTime

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def known(self) -> Known:
        """What tells later whether a wafer is one of these."""
        return np.unique(beginnings(self.keys))

    def save(self, path: Path) -> None:
        """Write the rows as Parquet."""
        columns = {
            "key": as_column(self.keys),
            "_id": self.ids,
            "Wafer": self.names,
            "cluster": pa.array(self.cluster, pa.int32()),
            "failed": pa.array(self.failed),
            "probability": self.probability,
            **self.in_time.columns(),
        }
        pq.write_table(pa.table(columns), path, use_dictionary=False, write_statistics=False)


def beginnings(keys: Keys) -> Known:
    """Return the first eight bytes of each key: among 12 million wafers two share them once in 250,000 trainings."""
    return np.asarray(
        np.ascontiguousarray(keys).view(">u8").reshape(len(keys), KEY.itemsize // 8)[:, 0], dtype=np.uint64
    )


def load_out_of_fold(path: Path) -> OutOfFold:
    """Read what `save` wrote, now, before keys were bytes, or before wafers were tested in time."""
    table = read_table(path)
    keys = table["key"]
    if pa.types.is_string(keys.type):
        keys = pa.chunked_array([as_column(np.frombuffer(bytes.fromhex("".join(keys.to_pylist())), KEY))])
    return OutOfFold(
        keys=keys_of(keys),
        ids=table["_id"].combine_chunks(),
        names=table["Wafer"].combine_chunks(),
        cluster=table["cluster"].to_numpy().astype(np.int64),
        failed=table["failed"].to_numpy(zero_copy_only=False).astype(bool),
        probability=table["probability"].to_numpy().astype(np.float64),
        in_time=InTime.of(table) if "forward" in table.column_names else InTime.unknown(len(table)),
    )


def joined(parts: Sequence[OutOfFold]) -> OutOfFold:
    """Put the rows of several clusters together."""
    keys, failed = np.concatenate([part.keys for part in parts]), np.concatenate([part.failed for part in parts])
    order = np.lexsort((failed, keys))
    return OutOfFold(
        keys=keys[order],
        ids=pa.concat_arrays([part.ids for part in parts]).take(pa.array(order)),
        names=pa.concat_arrays([part.names for part in parts]).take(pa.array(order)),
        cluster=np.concatenate([part.cluster for part in parts])[order],
        failed=failed[order],
        probability=np.concatenate([part.probability for part in parts])[order],
        in_time=InTime(
            *(
                np.concatenate([getattr(part.in_time, name) for part in parts])[order]
                for name in ("batch", "forward", "whole_file")
            )
        ),
    )


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many training wafers of each probability passed and failed."""

    probability_at: Floats  # (points,) ascending
    passes: Ints  # (points,)
    failures: Ints  # (points,)

    @classmethod
    def of(cls, rows: OutOfFold, points: int = MOST_POINTS) -> "OutcomeCounts":
        """Count; of more points than that, neighbours are counted at the highest of them.

        So a threshold never flags more of the passing wafers than it may.
        """
        at, place = np.unique(rows.probability, return_inverse=True)
        if len(at) > points:
            group = np.arange(len(at)) * points // len(at)
            at, place = at[np.append(np.flatnonzero(np.diff(group)), len(at) - 1)], group[place]
        passes, failures = (np.bincount(place[rows.failed == each], minlength=len(at)) for each in (False, True))
        return cls(at, passes.astype(np.int64), failures.astype(np.int64))

    @property
    def failed(self) -> Bools:
        """Which wafers failed, (wafers,), by probability."""
        return np.repeat(np.tile([False, True], len(self.passes)), self._counts)

    @property
    def probability(self) -> Floats:
        """The wafers' probabilities, (wafers,), ascending."""
        return np.repeat(np.repeat(self.probability_at, 2), self._counts)

    @property
    def _counts(self) -> Ints:
        return np.stack([self.passes, self.failures], axis=1).ravel()

    def threshold(self, false_alarm_budget: float) -> float:
        """Return the probability from which a wafer is flagged when this share of the good ones may be."""
        return threshold_at(false_alarm_budget, self.probability_at, self.passes)

    def quality(self, false_alarm_budget: float) -> Quality:
        """Return the figures of all training wafers under one threshold."""
        probability = self.probability
        return measure(self.failed, probability, probability >= self.threshold(false_alarm_budget))

    def held_out(self, false_alarm_budget: float) -> HeldOutFigures:
        """Return the figures with wafers held out at random, in the form of those forward in time.

        The rank is among all of them, so both rules for the threshold nearly agree here.
        """
        failed, probability = self.failed, self.probability
        fixed, rank = self.threshold(false_alarm_budget), threshold_for(false_alarm_budget, probability, failed & False)
        tested = Tested.of("", failed, probability, probability >= fixed, probability >= rank)
        return HeldOutFigures.of(failed, probability, tested)

    def save(self, path: Path) -> None:
        """Write the points as Parquet."""
        columns = {"probability": self.probability_at, "passes": self.passes, "failures": self.failures}
        pq.write_table(pa.table(columns), path)


def load_counts(path: Path) -> OutcomeCounts:
    """Read what `save` wrote."""
    table = read_table(path)
    return OutcomeCounts(*(table[name].to_numpy() for name in ("probability", "passes", "failures")))


def save_known(known: Known, path: Path) -> None:
    """Write what tells whether a wafer was learned from."""
    pq.write_table(pa.table({"key": known}), path, use_dictionary=False, write_statistics=False, compression="none")


def load_known(path: Path) -> Known:
    """Read what `save_known` wrote."""
    return np.asarray(read_table(path)["key"].to_numpy(), dtype=np.uint64)
