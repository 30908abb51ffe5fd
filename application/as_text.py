"""Records as text, the same for the same record."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class AsText:
    """A record of plain values."""

    def to_json(self) -> str:
        """The record as text."""
        return json.dumps(asdict(self), sort_keys=True)
