"""Which of a version's predictions its scorecard counts."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.evaluation.scorecard import Judged
from wafer.evaluation.standing import Reviewed


def judged(matched: pa.Table, version: int, promised: Callable[[], float]) -> tuple[Judged, int]:
    """A version's predictions with outcome, one for each wafer and readings, and how many were left out.

    Of several the first counts: it was the forecast. Left out are wafers that the model learned from. `promised` tells
    the version's own budget, for predictions that do not say theirs.
    """
    mine = matched.filter(pc.equal(matched["model_version"], version))
    seen = mine["in_training"].to_numpy()
    rows = _first(mine.filter(pa.array(~seen)))
    budget = rows["budget"]
    if budget.null_count:
        budget = budget.fill_null(promised())
    probability, threshold = rows["probability"].to_numpy(), rows["threshold"].to_numpy()
    return Judged(
        moment=rows["moment"].to_numpy(),
        probability=probability,
        flagged=np.asarray(probability >= threshold),
        failed=rows["failed"].to_numpy(),
        budget=budget.to_numpy(),
        inspected=pc.equal(rows["verdict"], "inspect").to_numpy(),
        run=np.array(rows["prediction"].to_pylist(), dtype=np.str_),
    ), len(_first(mine.filter(pa.array(seen))))


def reviewed(rows: pa.Table, version: int) -> Reviewed:
    """What people decided about a version's predictions that no file told of, each wafer and readings once."""
    mine = rows.filter(pc.and_(pc.equal(rows["model_version"], version), pc.invert(rows["in_training"])))
    found = _first(mine)
    flagged = found["probability"].to_numpy() >= found["threshold"].to_numpy()
    failed = found["failed"].to_numpy()
    return Reviewed(
        wafers=len(found),
        flagged=int(flagged.sum()),
        faults=int((flagged & failed).sum()),
        missed=int((~flagged & failed).sum()),
    )


def side_by_side(
    matched: pa.Table, version: int, promised: Callable[[int], float]
) -> tuple[int, Judged, Judged] | None:
    """The newest other version that predicted the same wafers in the same runs, and what both predicted of them.

    One of the two was in production and the other in its shadow. Left out are wafers that either learned from. None
    where there are none. `promised` tells a version's own budget.
    """
    unseen = matched.filter(pc.invert(matched["in_training"]))
    mine = unseen.filter(pc.equal(unseen["model_version"], version))
    theirs = unseen.filter(pc.not_equal(unseen["model_version"], version))
    mine, theirs = _within(mine, theirs), _within(theirs, mine)
    if not len(mine):
        return None
    other = pc.max(theirs["model_version"]).as_py()
    theirs = theirs.filter(pc.equal(theirs["model_version"], other))
    mine = _within(mine, theirs)
    return (
        other,
        judged(mine, version, partial(promised, version))[0],
        judged(theirs, other, partial(promised, other))[0],
    )


def _within(rows: pa.Table, others: pa.Table) -> pa.Table:
    """The rows about readings that some run judged for the others too."""
    found = {*zip(others["prediction"].to_pylist(), others["document"].to_pylist(), strict=True)}
    names = zip(rows["prediction"].to_pylist(), rows["document"].to_pylist(), strict=True)
    return rows.filter(pa.array([each in found for each in names], pa.bool_()))


def _first(rows: pa.Table) -> pa.Table:
    """The first prediction of each wafer's readings; `rows` are in the order of their runs."""
    names = zip(rows["wafer"].to_pylist(), rows["key"].to_pylist(), rows["document"].to_pylist(), strict=True)
    found: dict[tuple[str, bytes | str], int] = {}
    for place, (wafer, key, document) in enumerate(names):
        found.setdefault((wafer, key or document), place)
    return rows.take(pa.array(list(found.values()), pa.int64()))
