"""What a control chart says of a point that differs from the others by more than chance."""

from typing import Literal

Signal = Literal["above", "below", "run above"]
