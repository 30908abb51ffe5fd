"""Idempotency keys: the same request with the same key is one run."""

import hashlib
import json
import time
from dataclasses import dataclass

from application.runs.ledger.protocol import ClaimKey
from application.runs.run import Run

KEY_SECONDS = 24 * 3600.0  # how long a key is remembered


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of callers, which are remembered for some seconds."""

    seconds: float = KEY_SECONDS

    def claim(self, run: Run, key: str | None) -> ClaimKey | None:
        """What the ledger remembers of a caller's key and of what was asked for; None without a key."""
        if not key:
            return None
        digest = hashlib.sha256(f"{run.requested_by}\n{key}".encode()).hexdigest()
        return ClaimKey(digest, _fingerprint(run), time.time() + self.seconds)


def _fingerprint(run: Run) -> str:
    """The same for the same request."""
    text = json.dumps([run.pipeline, run.source, dict(run.parameters)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
