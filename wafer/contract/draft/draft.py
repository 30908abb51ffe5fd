"""What the samples of unknown exports say."""

from dataclasses import dataclass

from wafer.contract.policy import Policy
from wafer.contract.schema import Schema


@dataclass(frozen=True, slots=True)
class Draft:
    """Schemas and policy that fit the samples, what they say (`guesses`), and questions for a person (`unsure`).

    `labelled` and `unlabelled` are the sampled files with and without an outcome, `others` those that are another kind
    of table, or none, `tables` those of the outcomes next to the readings.
    """

    training: Schema
    prediction: Schema
    policy: Policy
    guesses: tuple[str, ...]
    unsure: tuple[str, ...]
    labelled: tuple[str, ...]
    unlabelled: tuple[str, ...]
    others: tuple[str, ...]
    tables: tuple[str, ...]
