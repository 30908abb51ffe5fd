"""The two runs of a comparison, each named by its id or by the model version that predicted, as `v3`."""

import json
import re
from contextlib import suppress
from itertools import islice

from application.errors import RequestInvalid
from application.runs.past import newest_predictions
from application.runs.run import Run
from application.runs.service import Runs
from wafer.errors import NotPublished, WaferError
from wafer.store import Store, layout

MOST_RUNS = 100  # that are looked through for those of a version
_VERSION = re.compile(r"v(\d{1,9})")
CHOOSING = "select-model"


def sides(runs: Runs, store: Store, a: str, b: str) -> tuple[Run, Run]:
    """The newest pair of runs that fits; of a version that one over the same batches of a contract.

    Raises `NotPublished`, `RequestInvalid`.
    """
    pairs = [(one, other) for one in _candidates(runs, store, a) for other in _candidates(runs, store, b)]
    fitting = [(one, other) for one, other in pairs if one.run_id != other.run_id]
    if not _is_version(a) and not _is_version(b):
        if not fitting:
            raise RequestInvalid("Name two runs that differ.")
        return fitting[0]
    same = [(one, other) for one, other in fitting if (one.source, one.contract) == (other.source, other.contract)]
    if not same:
        raise NotPublished(
            f"No batches were predicted both by {a} and by {b}. Predict the same batches with each version first."
        )
    return max(same, key=lambda pair: min(pair[0].position, pair[1].position))


def version_of_run(store: Store, run: Run) -> int | None:
    """The version that a run predicted by, from the record of its choice; None where it left none."""
    with suppress(WaferError, ValueError, KeyError, TypeError):
        return int(json.loads(store.get(layout.stage_record(run.run_id, CHOOSING)))["counts"]["model_version"])
    return None


def _candidates(runs: Runs, store: Store, named: str) -> list[Run]:
    if number := _is_version(named):
        newest = islice(newest_predictions(runs), MOST_RUNS)
        return [run for run in newest if version_of_run(store, run) == int(number.group(1))]
    return [runs.find(named)]


def _is_version(named: str) -> re.Match[str] | None:
    return _VERSION.fullmatch(named)
