"""Decides now and then while the service runs, whatever the number of services."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial

from application.retraining.retraining import Retraining
from application.runs.background import repeated

LOOK_SECONDS = 30.0  # between two looks whether a new period has begun


def deciding(retraining: Retraining, hours: float) -> AbstractAsyncContextManager[None]:
    """Decide every so many hours for as long as the block lasts; never for 0."""
    if not hours:
        return nullcontext()
    seconds = hours * 3600
    return repeated("retraining", partial(retraining.decide_in_turn, seconds), min(seconds, LOOK_SECONDS))
