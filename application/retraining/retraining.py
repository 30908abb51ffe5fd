"""Decides whether to train again, starts that training once, and keeps every decision.

A decision to train is written down before its run is started, under a name that stands for the last training and the
files since, and with the run itself. So whoever dies in between leaves a line that the next decision carries out, and
of two services that decide at once both ask the ledger for the same run.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from application.errors import TrainingRunning
from application.retraining.decision import Decision
from application.retraining.evidence import evidence_of
from application.retraining.policy import EVERY_BATCHES, Evidence, decide
from application.runs.from_outcomes import PARAMETER, batches_from_outcomes
from application.runs.ledger.journal import Entry, Journal
from application.runs.run import Parameters, Run, new_run, now, under
from application.runs.service import Runs
from application.runs.signs import Judge
from wafer.built_in import BUILT_IN
from wafer.contract import Contracts
from wafer.errors import RunNotFound, SourceEmpty, WaferError
from wafer.evaluation.decision import Mode
from wafer.store import Store

BY = "retraining"  # who asks for the runs
KEPT_SECONDS = 60.0  # for the start of a run, before somebody else tries


class Retraining:
    """The policy over a ledger of runs. `promotion` is the mode of its trainings; None: as they do by themselves."""

    def __init__(
        self,
        runs: Runs,
        journal: Journal,
        store: Store,
        judge: Judge,
        documents_uri: str,
        *,
        every: int = EVERY_BATCHES,
        promotion: Mode | None = None,
    ) -> None:
        self._runs = runs
        self._journal = journal
        self._store = store
        self._contracts = Contracts(store)
        self._judge = judge
        self._documents_uri = documents_uri
        self._every = every
        self._promotion = promotion

    def decide(self, by: str, *, dry_run: bool = False, contract: str = BUILT_IN) -> Decision:
        """Decide once about a contract, and start the training if it is to be; a dry run does and keeps nothing.

        Raises what ledger, store, registry and backend do, and SourceNotFound for batches that are gone.
        """
        if not dry_run:
            self._carry_out()
        evidence, trained = evidence_of(self._runs, self._store, self._judge, contract)
        verdict = decide(evidence, self._every)
        batches = len(evidence.batches)
        told = Decision(now(), by, verdict.train, verdict.why, evidence.trained, batches, contract=contract)
        if verdict.train and (failed := self._failed(evidence)):
            why = f"The training {failed} over these files did not succeed: mend the cause, then retry it."
            told = replace(told, train=False, why=why)
        if dry_run:
            return told
        if not (told.train and trained):
            self._journal.add(Entry("decision", f"wait-{told.at}-{contract}", told.at, told.to_json()))
            return told
        return self._begin(evidence, replace(told, run=self._wanted(trained)))

    def decide_each(self, by: str, *, dry_run: bool = False) -> list[Decision]:
        """Decide about every contract. Raises what `decide` raised first, after the others were decided about."""
        told, errors = list[Decision](), list[WaferError]()
        for each in self._contracts.all():
            try:
                told.append(self.decide(by, dry_run=dry_run, contract=each.name))
            except WaferError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return told

    def history(self, limit: int = 50) -> Sequence[Decision]:
        """The newest decisions, newest first."""
        return [Decision.from_json(each.content) for each in self._journal.newest("decision", limit)]

    def decide_in_turn(self, seconds: float) -> None:
        """Decide if nobody has within this period of so many seconds, whatever the number of services."""
        period = f"retraining-{seconds:.0f}-{int(time.time() // seconds)}"
        if self._journal.add(Entry("mark", period, now(), "{}")):
            self.decide_each("the service")

    def _begin(self, evidence: Evidence, told: Decision) -> Decision:
        name = f"train-{evidence.digest}"
        entry = Entry("decision", name, told.at, told.to_json(), due=time.time() + KEPT_SECONDS)
        if self._journal.add(entry):
            return self._start(entry)
        found = self._journal.get("decision", name)  # of somebody who decided at the same time, or had no place
        return self._start(found) if found else told

    def _carry_out(self) -> None:
        """Start what somebody decided to and could not."""
        for entry in self._journal.open("decision"):
            if (entry.due or 0.0) <= time.time():
                self._start(entry)

    def _start(self, entry: Entry) -> Decision:
        told = Decision.from_json(entry.content)
        if not told.run:
            return told
        try:
            started = self._runs.start(told.run, key=entry.name)
            told = replace(told, started=started.run_id)
        except TrainingRunning as error:
            told = replace(told, why=f"{told.why} It did not start, because training {error.run_id} is running.")
        self._journal.change(entry, replace(entry, content=told.to_json(), due=None))
        return told

    def _failed(self, evidence: Evidence) -> str:
        """The training that was started for the same evidence and has ended without success."""
        line = self._journal.get("decision", f"train-{evidence.digest}")
        started = Decision.from_json(line.content).started if line else ""
        with suppress(RunNotFound):
            return started if started and self._runs.find(started).state in {"failed", "cancelled"} else ""
        return ""

    def _wanted(self, trained: Run) -> Run:
        """The last training once more, over what lies there now and what outcomes add."""
        kept = {name: value for name, value in self._as_now(trained).items() if name not in {PARAMETER, "promotion"}}
        mode = {"promotion": self._promotion} if self._promotion else {}
        grown: Parameters = {}
        with suppress(SourceEmpty):  # no outcome was sent yet
            made = batches_from_outcomes(self._store, self._documents_uri, trained.source, kept)
            grown = {PARAMETER: made.uri}
        return new_run("train", trained.source, {**kept, **mode, **grown}, by=BY, runner=trained.runner)

    def _as_now(self, trained: Run) -> Parameters:
        """The parameters of the last training, with the version of its contract that new runs take."""
        if trained.contract == BUILT_IN:
            return trained.parameters
        return under(self._contracts.get(trained.contract), "train", trained.parameters)
