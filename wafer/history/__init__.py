"""What was predicted so far: the published predictions of many runs, read one part after the other.

    known = known_outcomes(store)
    for part in read_history(store, runs, columns=("lot",), known=known):
        part.run, part.rows  # the run, and some of its wafers in `COLUMNS` with the column `lot`

`runs` are the predictions that succeeded, newest first; `application.runs.past` takes them from the ledger.
"""

from wafer.history.outcomes import KnownOutcomes, known_outcomes, said_so_far
from wafer.history.past import PastRun
from wafer.history.reading import COLUMNS, Part, context_columns, read_history

__all__ = [
    "COLUMNS",
    "KnownOutcomes",
    "Part",
    "PastRun",
    "context_columns",
    "known_outcomes",
    "read_history",
    "said_so_far",
]
