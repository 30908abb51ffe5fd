"""A line of the history: what was decided about training again, why, and the run that it started."""

import json
from dataclasses import asdict, dataclass, replace

from application.runs.run import Run
from wafer.built_in import BUILT_IN


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision at a time (ISO 8601 in UTC) by a person or the service.

    `trained` is the last training then, `batches` how many labelled files had come since, `run` the training that was
    decided on, `started` its id once it is in the ledger, `contract` the name of its contract.
    """

    at: str
    by: str
    train: bool
    why: str
    trained: str
    batches: int
    run: Run | None = None
    started: str = ""
    contract: str = BUILT_IN

    def to_json(self) -> str:
        """The decision as text."""
        kept = {**asdict(replace(self, run=None)), "run": self.run.to_json() if self.run else None}
        return json.dumps(kept, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Decision":
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(**{**raw, "run": Run.from_json(raw["run"]) if raw["run"] else None})
