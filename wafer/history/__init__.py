"""What was predicted so far: the published predictions of many runs, read one part after the other.

    known = known_outcomes(store)  # wafer.history.outcomes
    for part in read_history(store, runs, columns=("lot",), known=known):  # wafer.history.reading
        part.run, part.rows  # the run, and some of its wafers in `COLUMNS` with the column `lot`

`runs` are the predictions that succeeded, newest first; `application.runs.past` takes them from the ledger. Names are
imported from their modules: a command that only lists runs does not wait for pyarrow.
"""
