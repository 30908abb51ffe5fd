"""A schedule: a source that is looked at every so many hours, and predicted when its files have changed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from application.as_text import AsText
from application.runs.run import Parameters
from wafer.store import Batch


@dataclass(frozen=True, slots=True)
class Schedule(AsText):
    """What a person asked for, and the last look; times are ISO 8601 in UTC, empty before.

    `files` stands for the files that the last prediction was started for, `run_id` is that prediction, `found` what the
    last look found.
    """

    name: str
    source: str
    hours: float
    parameters: Parameters
    by: str
    at: str
    looked: str = ""
    files: str = ""
    run_id: str = ""
    found: str = ""

    @classmethod
    def from_json(cls, text: str) -> "Schedule":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


def digest_of(batches: Iterable[Batch]) -> str:
    """Stands for the files that lie somewhere: another one as soon as a file comes, goes, or has another size."""
    listed = sorted((each.name, each.bytes, each.version) for each in batches)
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]
