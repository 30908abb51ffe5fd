"""What is known by now of predicted wafers, whichever of their predictions the outcome was matched to."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.outcomes.matched import all_matched
from wafer.store import Store, layout


@dataclass(frozen=True, slots=True)
class KnownOutcomes:
    """Outcomes by the document of the readings; a file that is predicted again has the same documents."""

    documents: pa.Array
    failed: pa.Array

    @classmethod
    def of_matched(cls, matched: pa.Table) -> "KnownOutcomes":
        """Keep the outcome that was received last of each document; `matched` is in `wafer.outcomes.matched.SCHEMA`."""
        order = pc.sort_indices(matched, [("document", "ascending"), ("received", "descending")])
        rows = matched.select(["document", "failed"]).take(order).combine_chunks()
        first = np.ones(len(rows), bool)
        if len(rows):
            first[1:] = pc.not_equal(rows["document"][1:], rows["document"][:-1]).to_numpy()
        last = rows.filter(pa.array(first)).combine_chunks()
        return cls(_array(last["document"]), _array(last["failed"]))

    def of(self, documents: pa.ChunkedArray) -> pa.Array:
        """Whether the wafers of these documents failed, (documents,); null where nobody knows."""
        return _array(pc.take(self.failed, pc.index_in(documents, value_set=self.documents)))


def known_outcomes(store: Store) -> KnownOutcomes:
    """Return every outcome that the store holds. Some 200 bytes an outcome in memory while they are read, then 80."""
    return KnownOutcomes.of_matched(all_matched(store, contract=None))


def known_so_far(store: Store) -> tuple[str, ...]:
    """Return the names of all that outcomes come from: while they are the same, so is what is known."""
    return tuple(
        each.key for prefix in (layout.PUBLISHED["outcomes"], layout.DISPOSITIONS) for each in store.keys(prefix)
    )


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
