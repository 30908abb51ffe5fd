"""How a false-alarm budget is kept: by the threshold found in training, or by rank among recent scores."""

from typing import Literal

from wafer.errors import ContractInvalid

Rule = Literal["fixed", "recent"]
DEFAULT: Rule = "recent"  # kept the budget in every order of files that was measured, fixed in none: ADR 33


def rule_of(text: str, default: Rule) -> Rule:
    """The rule that a run's parameter names; empty is the default. Raises `ContractInvalid`."""
    match text:
        case "":
            return default
        case "fixed" | "recent":
            return text
    raise ContractInvalid(f"The parameter threshold is {text[:40]!r}; it is fixed, recent, or left empty.")
