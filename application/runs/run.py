"""A run: what was asked for, where it stands, what its tasks tell. Ledger, backends and callers share this shape."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from wafer.built_in import BUILT_IN
from wafer.contract import Contract, Kind, NamedContract, load_contract
from wafer.contract.loading import require_own
from wafer.errors import WaferError
from wafer.runs import Outcome, Pipeline, RunError, TaskRecord
from wafer.store import layout

RunState = Literal["queued", "running", "succeeded", "failed", "cancelled", "removed"]
BackendName = Literal["embedded", "kubeflow"]
Runner = Literal["processes", "containers"]
Parameter = str | int | float | bool
Parameters = Mapping[str, Parameter]

ACTIVE: frozenset[RunState] = frozenset({"queued", "running"})
CONTRACT = ("schema", "policy")  # parameters that name a file
NAMED = "contract"  # parameter with the name of the contract; the built-in one where it is left out
KINDS: Mapping[Pipeline, Kind] = {"train": "training", "predict": "prediction", "outcomes": "outcomes"}
EXCLUSIVE: frozenset[Pipeline] = frozenset({"train"})  # of these at most one is active for each contract
NO_RESULT = RunError(WaferError.code, "The run ended without a result.")


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Times are ISO 8601 in UTC; `revision` counts the ledger's writes.

    A queued run whose lease (seconds since 1970) has not run out is being started by somebody. `native_id` is the
    backend's own name for it. `tasks` are there once somebody looked. `backend` is None for runs older than that field.
    `retries` says of every attempt after the first why it was made. Of a `removed` run this line is all that is left.
    """

    run_id: str
    pipeline: Pipeline
    source: str
    parameters: Parameters
    created: str
    requested_by: str = ""
    runner: Runner = "processes"
    backend: BackendName | None = None
    state: RunState = "queued"
    attempt: int = 1
    native_id: str = ""
    lease_until: float = 0.0
    failed_starts: int = 0
    started: str = ""
    finished: str = ""
    cancelled_by: str = ""
    error: RunError | None = None
    revision: int = 0
    retries: tuple[str, ...] = ()
    removed: str = ""
    removed_by: str = ""
    tasks: tuple[TaskRecord, ...] = ()

    @property
    def active(self) -> bool:
        """Whether the run has not ended yet."""
        return self.state in ACTIVE

    @property
    def contract(self) -> str:
        """Name of its contract."""
        return contract_in(self.parameters)

    @property
    def contract_digest(self) -> str:
        """Which version of a named contract it reads its files by; empty for the built-in one and for own files."""
        return layout.contract_digest(str(self.parameters.get("schema", "")))

    @property
    def lock(self) -> str:
        """What it holds while it is active, so that no second run does; empty for a run during which others may run."""
        if self.pipeline not in EXCLUSIVE:
            return ""
        return self.pipeline if self.contract == BUILT_IN else f"{self.pipeline}#{self.contract}"

    @property
    def position(self) -> str:
        """Where it stands in the history: later runs have greater positions."""
        return f"{self.created}#{self.run_id}"

    def arguments(self) -> dict[str, Parameter]:
        """The pipeline's parameters."""
        return {"source": self.source, "run_id": self.run_id, **self.parameters}

    def ended(
        self, outcome: Outcome, tasks: tuple[TaskRecord, ...], unsaid: RunError = NO_RESULT, finished: str = ""
    ) -> "Run":
        """The run after its end; `unsaid` is the error of a failed run whose tasks left none.

        `finished` is the backend's word on when it ended: a task that was killed leaves no end of its own.
        """
        state: RunState = "succeeded" if outcome.state == "succeeded" else "failed"
        error = None if state == "succeeded" else outcome.error or unsaid
        return replace(self, state=state, error=error, tasks=tasks, finished=max(finished, _last_end(tasks)) or now())

    def failed(self, error: WaferError) -> "Run":
        """The run after an error that none of its tasks had."""
        told = RunError(error.code, error.message, retry_helps=error.retry_helps)
        return replace(self, state="failed", error=told, finished=now())

    def again(self, who: str) -> "Run":
        """The run before its next attempt, and in whose words that is made."""
        code = self.error.code if self.error else self.state
        where = f" in stage {self.error.stage}" if self.error and self.error.stage else ""
        told = replace(self, retries=(*self.retries, f"{who} after {code}{where}"), attempt=self.attempt + 1)
        fresh = replace(told, failed_starts=0, lease_until=0.0)
        return replace(fresh, state="queued", finished="", cancelled_by="", error=None, tasks=())

    def taken_away(self, by: str) -> "Run":
        """The run after everything it left was removed."""
        return replace(self, state="removed", removed=now(), removed_by=by)

    def to_json(self) -> str:
        """The run as text, without its tasks."""
        kept = asdict(self)
        del kept["tasks"]  # their own records in the store say it
        return json.dumps(kept, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """Read what `to_json` wrote, also before it knew of errors with a class and of every field."""
        raw = json.loads(text)
        error = raw.pop("error", None)
        state = "queued" if raw.get("state") == "starting" else raw.get("state", "queued")
        known = {each.name for each in fields(cls)}
        given = {name: value for name, value in raw.items() if name in known}
        retries = tuple(given.pop("retries", ()))
        return cls(**{**given, "state": state, "error": RunError(**error) if error else None, "retries": retries})


def contract_in(parameters: Parameters) -> str:
    """Name of the contract of a run with these parameters."""
    return str(parameters.get(NAMED, BUILT_IN))


def under(contract: NamedContract, pipeline: Pipeline, parameters: Parameters) -> Parameters:
    """The parameters of a run that reads its files by this version of a contract."""
    others = {name: value for name, value in parameters.items() if name != NAMED}
    return others if contract.built_in else {**others, NAMED: contract.name, **contract.files(KINDS[pipeline])}


def read_by(parameters: Parameters, kind: Kind) -> Contract:
    """What files of a kind must look like in a run with these parameters. Raises ContractInvalid."""
    schema, policy = (str(parameters.get(name, "")) for name in CONTRACT)
    return load_contract(kind, schema, policy, contract_in(parameters))


def new_run(
    pipeline: Pipeline, source: str, parameters: Parameters, *, by: str = "", runner: Runner = "processes"
) -> Run:
    """A run with a fresh id, not claimed yet; a local source becomes an absolute path.

    Raises ContractInvalid for the files of one contract under the name of another.
    """
    require_own(contract_in(parameters), *(str(parameters.get(name, "")) for name in CONTRACT))
    moment = datetime.now(UTC)
    run_id = f"{pipeline}-{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    created = moment.isoformat(timespec="milliseconds")
    return Run(run_id, pipeline, absolute(source), dict(parameters), created, by, runner)


def absolute(source: str) -> str:
    """An address as any process understands it: a path from the root, a URI as it is."""
    return source if "://" in source else str(Path(source).absolute())


def now() -> str:
    """This moment, as a run keeps it."""
    return moment_of(time.time())


def moment_of(seconds: float) -> str:
    """A time in seconds since 1970, as a run keeps it; two of them compare as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _last_end(tasks: tuple[TaskRecord, ...]) -> str:
    """When the last task ended: a run may be looked at for the first time long after."""
    ends = [task.started + task.seconds for task in tasks if task.ended and task.started]
    return moment_of(max(ends)) if ends else ""
