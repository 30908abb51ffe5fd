"""Where notices go: the addresses of `WAFER_WEBHOOKS`. An address is a secret, so it is named by host and digest."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from application.errors import RequestInvalid

Form = Literal["json", "slack", "teams"]
_PREFIXES: dict[str, Form] = {"slack+": "slack", "teams+": "teams"}


@dataclass(frozen=True, slots=True)
class Address:
    """One address and the form of what it gets."""

    form: Form
    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """What people and logs call it."""
        return f"{urlsplit(self.url).hostname}#{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"


def addresses(text: str, secret: str) -> tuple[Address, ...]:
    """Addresses separated by commas or blanks: a URL, or `slack+` or `teams+` and a URL.

    Raises `RequestInvalid` for what is no URL, and for a plain URL without a secret to sign with.
    """
    found = tuple(
        _address(place, each) for place, each in enumerate(re.split(r"[\s,]+", text.strip(", \t\n")), 1) if each
    )
    if not secret and any(each.form == "json" for each in found):
        raise RequestInvalid(
            "WAFER_WEBHOOKS names an address of form JSON, and WAFER_WEBHOOK_SECRET, which signs its notices, is not "
            "set. Set it to a long random text that the receiver knows too."
        )
    return found


def _address(place: int, text: str) -> Address:
    prefix = next((each for each in _PREFIXES if text.startswith(each)), "")
    url = text.removeprefix(prefix)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise RequestInvalid(
            f"Address {place} of WAFER_WEBHOOKS is not a URL: write https://…, slack+https://… or teams+https://…, "
            "separated by commas."
        )
    return Address(_PREFIXES.get(prefix, "json"), url)
