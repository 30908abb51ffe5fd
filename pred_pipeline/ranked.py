"""All wafers of a run by rank, handed out some at a time as rows of `predictions.parquet`."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from itertools import chain, repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pred_pipeline.answers import context_of, passing
from wafer.built_in import BUILT_IN
from wafer.model.contributions import Reason
from wafer.model.scoring import Verdict
from wafer.store import layout
from wafer.wafers.arrays import Ints

AT_ONCE = 1 << 16  # rows; some 20 MB
_TOLD = ("value", "usual_low", "usual_high", "contribution", "contribution_share", "above_passing", "above_failing")
_REASON = pa.struct([("sensor", pa.string()), *((name, pa.float64()) for name in _TOLD)])
SCHEMA = pa.schema(
    [
        ("rank", pa.int64()),  # 1 = review this one first
        ("wafer", pa.string()),
        ("verdict", pa.string()),
        ("probability", pa.float64()),
        ("threshold", pa.float64()),
        ("cluster", pa.int64()),
        ("distance_percentile", pa.float64()),  # among the training wafers
        ("top_sensors", pa.list_(_REASON)),  # empty for passing wafers, and beyond the first ranks
        ("note", pa.string()),  # why the wafer is `inspect`, how to ask for its reasons
        ("in_training", pa.bool_()),  # the model learned from a wafer with these very readings: this is no forecast
        ("file", pa.string()),
        ("model_version", pa.string()),
        ("run_id", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """One wafer as the report shows it; what each field means stands in `SCHEMA`."""

    rank: int
    wafer: str
    verdict: Verdict
    probability: float
    cluster: int
    distance_percentile: float
    note: str
    file: str
    top_sensors: Sequence[Reason]
    context: Mapping[str, str]


_SHOWN = [field.name for field in fields(Row) if field.name not in ("top_sensors", "context")]


@dataclass(frozen=True)  # no slots: what is counted is kept
class Ranked:
    """The answers, and the order that ranks them."""

    answers: pa.Table
    order: Ints
    reasons: Sequence[Sequence[Reason]]  # of the first wafers, by rank
    threshold: float
    model_version: str
    run_id: str
    contract: str = BUILT_IN

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def context(self) -> dict[str, str]:
        """The columns of predictions that hold the wafers' context, by the line's name; a taken name gets a mark."""
        return {name: f"{name} (context)" if name in SCHEMA.names else name for name in context_of(self.answers)}

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of predictions: those of `SCHEMA`, and the context; the metadata names it, and the contract."""
        told = {layout.CONTEXT: json.dumps(self.context)} if self.context else {}
        if self.contract != BUILT_IN:
            told[layout.CONTRACT] = self.contract
        fields = [*SCHEMA, *(pa.field(name, pa.string()) for name in self.context.values())]
        return pa.schema(fields, told) if told else SCHEMA

    @cached_property
    def verdicts(self) -> Counter[Verdict]:
        """How many wafers have each verdict."""
        counted = self.answers["verdict"].cast(pa.string()).value_counts().to_pylist()
        return Counter({each["values"]: each["counts"] for each in counted})

    @cached_property
    def forecasts(self) -> Counter[Verdict]:
        """How many wafers that the model did not learn from have each verdict."""
        learned = self.answers["in_training"].combine_chunks()
        counted = self.answers["verdict"].filter(pc.invert(learned)).cast(pa.string()).value_counts().to_pylist()
        return Counter({each["values"]: each["counts"] for each in counted})

    @property
    def to_review(self) -> int:
        """How many wafers to review; they have the first ranks."""
        return len(self) - self.verdicts["pass"]

    @property
    def in_training(self) -> int:
        """How many wafers the model learned from."""
        return int(pc.sum(self.answers["in_training"]).as_py() or 0)

    def by_cluster(self, clusters: int) -> tuple[list[int], list[int]]:
        """Return how many wafers each cluster has, and how many of them to review; those learned from do not count."""
        cluster = self.answers["cluster"].to_numpy()
        review = ~passing(self.answers).to_numpy() & ~self.answers["in_training"].to_numpy()
        counts = [np.bincount(some, minlength=clusters).tolist() for some in (cluster, cluster[review])]
        return counts[0], counts[1]

    def parts(self) -> Iterator[tuple[pa.Table, Sequence[Sequence[Reason]]]]:
        """Yield rows by rank, `AT_ONCE` at a time, with the reasons of the first ones; once even if there are none."""
        for start in range(0, max(len(self), 1), AT_ONCE):
            yield self.rows(start, start + AT_ONCE), self.reasons[start : start + AT_ONCE]

    def rows(self, start: int, stop: int) -> pa.Table:
        """Return the wafers of these ranks, counted from 0, in `schema`."""
        answers = self.answers.drop_columns("_id").take(pa.array(self.order[start:stop]))
        ranks = np.arange(start, start + len(answers)) + 1
        same = {"threshold": self.threshold, "model_version": self.model_version, "run_id": self.run_id}
        columns = {
            name: answers[name].cast(SCHEMA.field(name).type) for name in answers.column_names if name in SCHEMA.names
        }
        columns |= {self.context[name]: answers[held].cast(pa.string()) for name, held in context_of(answers).items()}
        columns |= {name: pa.repeat(value, len(answers)) for name, value in same.items()}
        columns |= {"rank": pa.array(ranks), "top_sensors": _lists(self.reasons[start:stop], len(answers))}
        columns["note"] = self._notes(columns["note"], columns["wafer"], ranks)
        return pa.table({name: columns[name] for name in self.schema.names}, self.schema)

    def ids(self) -> pa.Table:
        """Return the `_id` of each wafer's document by rank."""
        return self.answers.select(["_id"]).take(pa.array(self.order))

    def shown(self, start: int, stop: int) -> list[Row]:
        """Return the wafers of these ranks, counted from 0, one by one."""
        reasons = chain(self.reasons[start:stop], repeat(()))
        rows = self.rows(start, stop)
        shown, contexts = rows.select(_SHOWN).to_pylist(), rows.select(list(self.context.values())).to_pylist()
        context = [dict(zip(self.context, each.values(), strict=True)) for each in contexts] if contexts else repeat({})
        return [
            Row(**row, top_sensors=each, context=texts)
            for row, each, texts in zip(shown, reasons, context, strict=False)
        ]

    def _notes(self, notes: pa.ChunkedArray, wafers: pa.ChunkedArray, ranks: Ints) -> pa.ChunkedArray:
        """Add how to ask for reasons to the notes of those wafers to review that have none."""
        asked = pc.binary_join_element_wise(f"reasons on request: wafer explain {self.run_id}", wafers, " ")
        longer = pc.if_else(pc.equal(notes, ""), asked, pc.binary_join_element_wise(notes, asked, "; "))
        return pc.if_else(pa.array((len(self.reasons) < ranks) & (ranks <= self.to_review)), longer, notes)


def _lists(reasons: Sequence[Sequence[Reason]], rows: int) -> pa.ListArray:
    """Return the reasons of the first rows, and empty lists for the others."""
    counts = np.zeros(rows, dtype=np.int32)
    counts[: len(reasons)] = [len(each) for each in reasons]
    ends = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    return pa.ListArray.from_arrays(ends, pa.array([asdict(one) for each in reasons for one in each], _REASON))
