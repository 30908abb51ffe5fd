"""Where a wafer's id comes from: the id column, or several columns, the file's name and the row's number."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

ID, FILE, ROW = "id", "file", "row"
_FIELD = re.compile(r"\{([^{}]*)\}")
_USUAL = re.compile(r"[A-Za-z0-9_.:/-]+")
_STRANGE = re.compile(r"[^A-Za-z0-9_.:-]")


@dataclass(frozen=True, slots=True)
class IdTemplate:
    """A wafer id as text around fields: `literals` has one part more than `fields`."""

    literals: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def is_column(self) -> bool:
        """Whether the id is the id column as it stands."""
        return self.fields == (ID,) and self.literals == ("", "")

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that stand in the row: `id` for the id column, others by their header."""
        return tuple(dict.fromkeys(field for field in self.fields if field not in (FILE, ROW)))

    def filled(self, values: dict[str, str]) -> str:
        """The id of a row; `values` has the text of every field."""
        pairs = zip(self.literals[1:], self.fields, strict=True)
        return self.literals[0] + "".join(values[field] + literal for literal, field in pairs)


@lru_cache(maxsize=64)
def id_template(text: str) -> IdTemplate:
    """Read `{file}-{row}` or `{Lot}-{Wafer}`. Raises ValueError."""
    parts = _FIELD.split(text)
    literals, fields = tuple(parts[::2]), tuple(parts[1::2])
    if not fields or any("{" in literal or "}" in literal for literal in literals) or "" in fields:
        raise ValueError("must name fields in braces, as `{id}`, `{file}-{row}` or `{Lot}-{Wafer}`")
    return IdTemplate(literals, fields)


def as_id(text: str) -> str:
    """A text as part of an id: every sign that an id cannot have becomes `_`."""
    return _STRANGE.sub("_", text)


def pattern_with(ids: Iterable[str]) -> str:
    """The policy's `wafer_id` with the signs that these ids have besides the usual ones; empty where there are none.

    Empty, too, where no pattern helps: signs that cannot be printed, quotes and backslashes.
    """
    signs = set("".join(ids)) - {sign for sign in map(chr, range(128)) if _USUAL.fullmatch(sign)}
    if not signs or any(not sign.isprintable() or sign in "\\\"'`^[]{}" for sign in signs):
        return ""
    return f"[A-Za-z0-9_.:/{''.join(sorted(signs))}-]{{1,64}}"
