"""The predictions of the past, as the ledger names them: what `wafer.history` reads."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice

from application.runs.ledger.protocol import Wanted
from application.runs.run import CONTRACT, NAMED, Parameter, Run, read_by
from application.runs.service import Runs
from wafer.contract import Contract
from wafer.errors import NotPublished, WaferError
from wafer.history.past import PastRun

MOST_RUNS = 200  # that one question to the history is about
EVERY = 100  # runs a page of the ledger


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of the history is asked for: the newest `runs` predictions, or one; none that began before `since`.

    `contract` is the name of theirs, None for any; the one prediction is taken whatever its contract is.
    """

    runs: int = 50
    since: str = ""  # a date, 2026-11-27
    run_id: str = ""
    contract: str | None = None


def past_predictions(runs: Runs, span: Span) -> Iterator[PastRun]:
    """Yield the predictions that succeeded, newest first. Raises `RunNotFound`, `NotPublished` for one that is none."""
    found = [_only(runs, span.run_id)] if span.run_id else newest_predictions(runs, span.contract)
    for run in islice(found, min(span.runs, MOST_RUNS)):
        if run.created < span.since:
            return
        yield _past(run)


def _past(run: Run) -> PastRun:
    """A run of the ledger as the history takes it; its contract says when its files were written."""
    ended = datetime.fromisoformat(run.finished or run.created)
    named = {name: run.parameters[name] for name in (NAMED, *CONTRACT) if name in run.parameters}
    with suppress(WaferError):  # the files of an old run's contract may be gone
        contract = _contract(tuple(named.items()))
        return PastRun(run.run_id, ended, run.source, contract.file_name.stamp, len(contract.sensors))
    return PastRun(run.run_id, ended, run.source)


def _only(runs: Runs, run_id: str) -> Run:
    run = runs.find(run_id)
    if run.pipeline != "predict" or run.state != "succeeded":
        raise NotPublished(f"Run {run_id} is no prediction that succeeded, so it has no wafers.")
    return run


def newest_predictions(runs: Runs, contract: str | None = None) -> Iterator[Run]:
    """Yield the predictions that succeeded, newest first; under a contract alone, or under any."""
    cursor = ""
    while True:
        page = runs.page(Wanted(EVERY, cursor, "predict", "succeeded", contract))
        yield from page.runs
        if not (cursor := page.cursor):
            return


@lru_cache(maxsize=64)
def _contract(named: tuple[tuple[str, Parameter], ...]) -> Contract:
    return read_by(dict(named), "prediction")
