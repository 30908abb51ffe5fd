"""How a false-alarm budget is kept: by the threshold found in training, or by rank among recent scores."""

from typing import Literal

from wafer.evaluation.chosen import chosen

Rule = Literal["fixed", "recent"]
DEFAULT: Rule = "recent"  # kept the budget in every order of files that was measured, fixed in none: ADR 33
_RULES: dict[str, Rule] = {"fixed": "fixed", "recent": "recent"}


def rule_of(text: str, default: Rule) -> Rule:
    """The rule that a run's parameter names; empty is the default. Raises `ContractInvalid`."""
    return chosen("threshold", text, _RULES, default)
