"""The model's answers for all wafers of a run: small columns in memory, in the order of the export, ranked once."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.model.scoring import Scores
from wafer.wafers.arrays import Bools, Ints, Wafers

_FEW = pa.dictionary(pa.int32(), pa.string())  # a few texts, repeated: four bytes a wafer
_CONTEXT = "\0"  # begins the name of a column that the line named
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
    """Return the answers for some wafers, in their order; the columns of their context come last, as `context_of`."""
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
    answers = pa.table({name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}, SCHEMA)
    for name, texts in wafers.context.items():
        answers = answers.append_column(f"{_CONTEXT}{name}", pa.array(texts, _FEW))
    return answers


def context_of(answers: pa.Table) -> dict[str, str]:
    """Return the names of the context, and the columns of the answers that hold it."""
    return {name.removeprefix(_CONTEXT): name for name in answers.column_names if name.startswith(_CONTEXT)}


def joined_answers(parts: Iterable[pa.Table]) -> pa.Table:
    """Put the parts together, without a gap in memory."""
    found = list(parts)
    return pa.concat_tables(found or [SCHEMA.empty_table()]).unify_dictionaries().combine_chunks()


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
