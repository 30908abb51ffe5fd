"""What to write in the policy so that a row or a file is no longer refused: the key and the value, ready to copy."""

import re

from wafer.contract import Contract
from wafer.contract.policy import Policy
from wafer.contract.wafer_ids import pattern_with
from wafer.contract.words import LABEL_PAIRS, MISSING_WORDS, in_capitals_of

_COMMA = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})*,[0-9]+|[+-]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:([ '\u2019,\u00a0\u202f])[0-9]{3})+(?:\.[0-9]+)?")
_POINTS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?")
_ANY_ID = Policy().wafer_id
OF_QUOTES = "if fields have line ends in their quotes, write `text: {quoted_line_ends: blank}` in the policy"
_NAMED = {"\t": r'"\t"'}


def quoted(text: str) -> str:
    """A text as YAML takes it."""
    return _NAMED.get(text, '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def of_reading(text: str, contract: Contract) -> str:
    """What makes a reading of a refused one; empty where nothing does."""
    plain, form = text.strip(), contract.policy.text
    if plain.lower() in MISSING_WORDS:
        policy = f"readings: {{missing: [{quoted(plain)}]}}"
        return f"if {quoted(plain)} means a missing reading, write `{policy}` in the policy"
    if form.decimal == "." and _COMMA.fullmatch(plain):
        points = ', thousands: "."' if "." in plain else ""
        return f'if the comma is the decimal sign, write `text: {{decimal: ","{points}}}` in the policy'
    if not form.thousands and form.decimal == "," and _POINTS.fullmatch(plain):
        return 'if the points are thousands signs, write `text: {thousands: "."}` in the policy'
    if not form.thousands and form.decimal == "." and (found := _THOUSANDS.fullmatch(plain)):
        sign = {"\u2019": "'", "\u00a0": " ", "\u202f": " "}.get(found[1], found[1])
        return f"if it has thousands signs, write `text: {{thousands: {quoted(sign)}}}` in the policy"
    return ""


def of_label(text: str) -> str:
    """What makes an outcome of a refused one."""
    plain = text.strip()
    for pair in LABEL_PAIRS:
        if plain.lower() in pair:
            good, bad = (_as(plain, word) for word in pair)
            return f"write `labels: {{{good}: pass, {bad}: fail}}` in the policy if that is what they mean"
    named = quoted(plain)
    return (
        f"if {named} is an outcome, add `{named}: pass` or `{named}: fail` under `labels` in the policy"
        if plain
        else ""
    )


def of_wafer_id(text: str, contract: Contract) -> str:
    """What lets an id with other signs be one."""
    if text.startswith("="):
        return f"ids such as {quoted(text)} are formulas of a spreadsheet: export them as text, without `=` and quotes"
    pattern = pattern_with([text])
    if contract.policy.wafer_id != _ANY_ID or not pattern or not re.fullmatch(pattern, text):
        return ""
    return f"if such signs are part of wafer ids, write `wafer_id: {quoted(pattern)}` in the policy"


def _as(example: str, word: str) -> str:
    """A word in the capitals of another one; in quotes where YAML would take it for something else."""
    spelled = in_capitals_of(example, word)
    return quoted(spelled) if word in {"true", "false", "yes", "no", "y", "n"} else spelled
