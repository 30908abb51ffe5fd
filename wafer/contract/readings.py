"""What one reading is worth to the contract, whether it came in a file or in a request."""

import math
import re
from collections.abc import Sequence
from enum import StrEnum

from wafer.contract.policy import Policy

_NOT_FINITE = re.compile(r"[+-]?(?:inf|infinity|nan(?:\(\w*\))?)", re.IGNORECASE | re.ASCII)

_SIGNS = b"0123456789+-.eE"


class Unfit(StrEnum):
    """Why a text or a number is no reading."""

    NOT_A_NUMBER = "NOT_A_NUMBER"
    NOT_FINITE = "NOT_FINITE"
    OUT_OF_RANGE = "OUT_OF_RANGE"


def reading_of_text(text: str, policy: Policy) -> float | Unfit:
    """The value of a field, NaN where the reading is missing."""
    number, numbers = text.strip(" \t"), policy.text.numbers
    if text in policy.readings.missing or number in policy.readings.missing:
        return math.nan
    if numbers.one.fullmatch(number):
        return reading_of_number(numbers.value(number), policy)
    if not number:
        return math.nan
    return Unfit.NOT_FINITE if _NOT_FINITE.fullmatch(number) else Unfit.NOT_A_NUMBER


def readings_of_texts(texts: Sequence[str | None], policy: Policy) -> list[float] | None:
    """The values of many fields, None where one of them needs a look of its own (`reading_of_text`).

    One look over all fields instead of one for each (590 fields, ms of CPU in one run): 0.15 where `float` reads the
    policy's numbers, 0.27 by one match where it does not, 0.92 field by field.
    """
    numbers, missing = policy.text.numbers, policy.readings.missing
    plain = ["" if text is None or text in missing else text for text in texts]
    if numbers.are_plain:
        return _plain_values(plain)
    joined = numbers.joiner.join(plain)
    if joined.count(numbers.joiner) >= max(len(plain), 1) or not numbers.joined.fullmatch(joined):
        return None
    return [numbers.value(text) if text else math.nan for text in plain]


def _plain_values(texts: Sequence[str]) -> list[float] | None:
    """The values of texts that have the signs of numbers only: of these, `float` reads what a policy's numbers are."""
    try:
        others = "".join(texts).encode().translate(None, _SIGNS)
        return None if others else [float(text) if text else math.nan for text in texts]
    except ValueError:
        return None


def reading_of_number(value: float, policy: Policy) -> float | Unfit:
    """A number within the bounds of the policy."""
    bounds = policy.readings
    if math.isnan(value):
        return Unfit.NOT_FINITE
    return value if bounds.lowest <= value <= bounds.highest else Unfit.OUT_OF_RANGE
