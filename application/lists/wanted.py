"""What somebody wants of the wafers of a prediction. Imports nothing heavy: the interface is described with it."""

from dataclasses import dataclass
from typing import Literal

Wanted = Literal["pass", "fail", "inspect", "review"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person asks for; the default is every wafer, most suspicious first.

    `sort`: a column, with a minus from the highest. `q`: words, each of which stands in the wafer's name, its file, its
    context or one of its reasons. `verdict`: `review` means what is not passing. `threshold`: verdicts and ranks at
    another threshold than the run's. `unseen`: without the wafers that the model learned from.
    """

    sort: str = ""
    q: str = ""
    verdict: Wanted | None = None
    threshold: float | None = None
    unseen: bool = False
