"""Trying again, a few times, what others who promote at the same moment can overtake."""

from collections.abc import Callable
from typing import TypeVar, cast

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_random

from wafer.errors import RegistryUnavailable

ATTEMPTS = 10
LONGEST_PAUSE = 0.2  # seconds
T = TypeVar("T")


def persistently(action: Callable[[], T | None], purpose: str) -> T:
    """What `action` gives as soon as it is not None. Raises `RegistryUnavailable` after ten times None."""
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random(0, LONGEST_PAUSE),
        retry=retry_if_result(lambda found: found is None),
    )
    try:
        return cast("T", retrying(action))
    except RetryError as exc:
        raise RegistryUnavailable(
            f"Could not {purpose}: other promotions came in between, {ATTEMPTS} times. Look at `wafer models` to see "
            "who promotes at the same time, then try again."
        ) from exc
