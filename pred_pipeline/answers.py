"""The model's answers for all wafers of a run: small columns in memory, in the order of the export, ranked once."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.model.scoring import Scores
from wafer.wafers.arrays import Bools, Ints, Wafers

_FEW = pa.dictionary(pa.int32(), pa.string())  # a few texts, repeated: four bytes a wafer
SCHEMA = pa.schema(
    [
        ("_id", pa.string()),
        ("wafer", pa.string()),
        ("verdict", _FEW),
        ("probability", pa.float64()),
        ("cluster", pa.int32()),
        ("distance_percentile", pa.float64()),
        ("note", _FEW),
        ("in_training", pa.bool_()),
        ("file", _FEW),
    ]
)


def answers_of(wafers: Wafers, scores: Scores, seen: Bools) -> pa.Table:
    """Return the answers for some wafers, in their order."""
    percentiles = [round(each, 2) for each in scores.novelty.percentile.tolist()]
    columns = {
        "_id": wafers.ids,
        "wafer": wafers.names,
        "verdict": scores.verdicts,
        "probability": scores.probability,
        "cluster": scores.cluster,
        "distance_percentile": percentiles,
        "note": scores.notes,
        "in_training": seen,
        "file": wafers.files,
    }
    return pa.table({name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}, SCHEMA)


def joined_answers(parts: Iterable[pa.Table]) -> pa.Table:
    """Put the parts together, without a gap in memory."""
    return pa.concat_tables([SCHEMA.empty_table(), *parts]).unify_dictionaries().combine_chunks()


def judged_at(answers: pa.Table, threshold: float) -> pa.Table:
    """Return the answers with the verdicts of another threshold; a wafer to inspect stays one."""
    verdict = answers["verdict"].cast(pa.string())
    flagged = pc.if_else(pc.greater_equal(answers["probability"], threshold), "fail", "pass")
    judged = pc.if_else(pc.equal(verdict, "inspect"), verdict, flagged).cast(_FEW)
    return answers.set_column(answers.column_names.index("verdict"), SCHEMA.field("verdict"), judged)


def ranking(answers: pa.Table) -> Ints:
    """Return positions, most suspicious first: those to review, then passing ones, by probability, name and place.

    In both parts, wafers that the model learned from come last: it knows their outcome.
    """
    keys = answers.select(["in_training", "probability", "wafer"]).append_column("passing", passing(answers))
    by = [("passing", "ascending"), ("in_training", "ascending"), ("probability", "descending"), ("wafer", "ascending")]
    return np.asarray(pc.sort_indices(keys, by), dtype=np.int64)  # a stable sort


def passing(answers: pa.Table) -> pa.ChunkedArray:
    """Tell which wafers need no review."""
    return pc.equal(answers["verdict"].cast(pa.string()), "pass")
