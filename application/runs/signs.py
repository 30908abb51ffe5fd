"""Signs that the version in production no longer fits the line: drift in its predictions, a broken promise."""

import json
from collections.abc import Callable
from contextlib import suppress

from wafer.errors import ObjectNotFound
from wafer.evaluation.standing import Scorecard, Standing
from wafer.store import Store, layout

Judge = Callable[[str], Scorecard | None]  # contract -> scorecard of its version in production; None without one


def drift_warnings(store: Store, run_id: str) -> list[str]:
    """What a prediction warned of."""
    with suppress(ObjectNotFound):  # published before there was drift
        found: list[str] = json.loads(store.get(f"{layout.published('predict', run_id)}/{layout.DRIFT}"))["warnings"]
        return found
    return []


def told_by(store: Store, run_id: str) -> list[str]:
    """What a prediction says of its batch: its warnings, and sensors to look after, which are no sign of the line."""
    with suppress(ObjectNotFound):
        found = json.loads(store.get(f"{layout.published('predict', run_id)}/{layout.DRIFT}"))
        return [*found["warnings"], *found.get("notes", [])]
    return []


def broken_promise(card: Scorecard) -> Standing | None:
    """The newest period in which the version exceeded its budget or ranked worse than promised, beyond chance.

    If there is none, all of them together, if so.
    """
    return next((each for each in (*reversed(card.periods), card.total) if each.broken), None)
