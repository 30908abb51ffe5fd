"""What others are told of: an event, whose name is the same whoever finds it, so that it is told once."""

from dataclasses import dataclass
from typing import Literal

from application.as_text import AsText

Kind = Literal["run.failed", "model.promoted", "model.waits", "batch.drifted", "promise.broken", "webhook.test"]


@dataclass(frozen=True, slots=True)
class Event(AsText):
    """Something that happened at a time (ISO 8601 in UTC), in a line and in sentences for a person."""

    event: Kind
    id: str
    at: str
    title: str
    text: str
    run_id: str = ""
    model_version: int | None = None
