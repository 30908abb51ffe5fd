"""The name of a file held against the contract."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.contract import Contract
from wafer.contract.file_name import date_form

_ORDERS = ("YYYYMMDD", "MMDDYYYY", "DDMMYYYY", "YYMMDD", "MMDDYY", "DDMMYY")


def check_name(name: str, contract: Contract) -> Iterator[Finding]:
    """Whether the name has the schema's form and its stamps are a real date and time."""
    form = contract.file_name
    if not form.matches(name):
        yield Finding(
            FileCode.FILE_NAME,
            f"The name must look like `{form.example}`, small and capital letters as shown. Rename it, or write "
            f"`file_name: {{form: {_own_form(name)}}}` in the policy.",
        )
    elif not form.stamps_are_real(name):
        yield Finding(
            FileCode.FILE_STAMP,
            f"The name has no valid date and time; day, month and year are written as in `{form.example}`. Rename it"
            f"{_other_order(name, contract)}.",
        )


def _own_form(name: str) -> str:
    """A form of names that this name has: its ending alone."""
    return f'"*{Path(name).suffix}"'


def _other_order(name: str, contract: Contract) -> str:
    """The order of day, month and year in which the name's date exists, as the policy says it."""
    form = contract.file_name
    for order in _ORDERS:
        stamp = date_form(order)
        if stamp and replace(form, date_format=stamp.format).stamps_are_real(name):
            return f", or write `file_name: {{date: {order}}}` in the policy if that is its order"
    return ""


def is_opened(name: str, contract: Contract) -> bool:
    """Whether a file means to be a batch; others are refused by their name alone and not opened."""
    return name.lower().endswith(".csv") or contract.file_name.matches(name)
