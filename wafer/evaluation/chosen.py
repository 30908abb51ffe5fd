"""A choice among a few words, as a run's parameter gives it."""

from collections.abc import Mapping
from typing import TypeVar

from wafer.errors import ContractInvalid

Choice = TypeVar("Choice", bound=str)


def chosen(parameter: str, text: str, choices: Mapping[str, Choice], default: Choice) -> Choice:
    """The one that the text names; empty is the default. Raises `ContractInvalid`."""
    found = choices.get(text) if text else default
    if found is None:
        raise ContractInvalid(f"The parameter {parameter} is {text[:40]!r}; it is {', '.join(choices)}, or left empty.")
    return found
