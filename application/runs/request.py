"""What is asked of a pipeline: the one form in which the command line and the service hand it to a backend."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from wafer.runs import Pipeline

Runner = Literal["processes", "containers"]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: which pipeline over which source, with which parameters."""

    run_id: str
    pipeline: Pipeline
    source: str
    created: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    runner: Runner = "processes"

    def arguments(self) -> dict[str, Any]:
        """The pipeline's parameters."""
        return {"source": self.source, "run_id": self.run_id, **self.parameters}


def new_request(
    pipeline: Pipeline, source: str, parameters: Mapping[str, Any], runner: Runner = "processes"
) -> Request:
    """A request with a fresh run id; a local source becomes an absolute path."""
    now = datetime.now(UTC)
    run_id = f"{pipeline}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    where = source if "://" in source else str(Path(source).absolute())
    return Request(run_id, pipeline, where, now.isoformat(timespec="milliseconds"), dict(parameters), runner)
