"""Keeps schedules and starts what is due, once, whatever the number of services that look.

Who moves an entry's due time has the look. The prediction is started under a key that stands for the schedule and the
files and parameters, and written down after that: whoever dies in between leaves the next look to ask for the same run.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from application.runs.ledger.journal import Entry, Journal
from application.runs.run import Parameters, contract_in, moment_of, new_run, now, under
from application.runs.service import Runs
from application.schedules.schedule import Schedule, digest_of
from wafer.contract import Contracts
from wafer.errors import ObjectNotFound, SourceEmpty, WaferError
from wafer.store import list_batches

AGAIN_SECONDS = 600.0  # before another look after one that failed, if the next is not due earlier


@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule, and when the next look is due (ISO 8601 in UTC)."""

    schedule: Schedule
    due: str


class Schedules:
    """The schedules of an installation; `require_model` raises where no prediction under a contract could succeed."""

    def __init__(
        self, runs: Runs, journal: Journal, contracts: Contracts, require_model: Callable[[str], None]
    ) -> None:
        self._runs = runs
        self._journal = journal
        self._contracts = contracts
        self._require_model = require_model

    def all(self) -> list[Standing]:
        """Every schedule, by name."""
        found = [Standing(_schedule(each), moment_of(each.due or 0.0)) for each in self._journal.open("schedule")]
        return sorted(found, key=lambda each: each.schedule.name)

    def put(self, wanted: Schedule) -> None:
        """Keep a schedule, instead of one of its name; its first look is due at once."""
        entry = Entry("schedule", wanted.name, wanted.at, wanted.to_json(), due=time.time())
        while not self._journal.add(entry):
            there = self._journal.get("schedule", wanted.name)
            if there and self._journal.change(there, replace(entry, at=there.at)):
                break

    def remove(self, name: str) -> None:
        """End a schedule; runs that it started continue. Raises `ObjectNotFound`."""
        while (there := self._journal.get("schedule", name)) and there.due is not None:
            if self._journal.change(there, replace(there, due=None)):
                return
        raise ObjectNotFound(f"There is no schedule {name!r}; `wafer schedules` lists them.")

    def start_due(self) -> None:
        """Look at every source whose time has come. Raises `LedgerUnavailable`."""
        for entry in self._journal.open("schedule"):
            if (entry.due or 0.0) > time.time():
                continue
            due = time.time() + _schedule(entry).hours * 3600
            if mine := self._journal.change(entry, replace(entry, due=due)):
                self._look(mine)

    def _look(self, entry: Entry) -> None:
        schedule, due = replace(_schedule(entry), looked=now()), entry.due or 0.0
        try:
            found = self._started(schedule)
        except WaferError as error:
            found = replace(schedule, found=error.message)
            due = min(due, time.time() + AGAIN_SECONDS)
        self._journal.change(entry, replace(entry, content=found.to_json(), due=due))

    def _started(self, schedule: Schedule) -> Schedule:
        batches = list_batches(schedule.source)
        if not batches:
            raise SourceEmpty(f"{schedule.source} has no files directly in it.")
        files = digest_of(batches)
        if files == schedule.files:
            return replace(schedule, found="Nothing came since the last prediction.")
        contract = self._contracts.get(contract_in(schedule.parameters))
        self._require_model(contract.name)
        parameters = under(contract, "predict", schedule.parameters)  # as the contract is by now
        run = new_run("predict", schedule.source, parameters, by=f"schedule {schedule.name}")
        started = self._runs.start(run, key=f"{schedule.name}-{schedule.at}-{files}-{_short(parameters)}")
        return replace(schedule, files=files, run_id=started.run_id, found=f"Files given to it: {len(batches)}.")


def _short(parameters: Parameters) -> str:
    """A name for parameters: those of a new version of the contract are another request."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:12]


def _schedule(entry: Entry) -> Schedule:
    return Schedule.from_json(entry.content)
