"""How the columns of a file may be spelled, and which of them are no part of the contract."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from wafer.wafers.names import without_blanks

_NUMBER = re.compile(r"([0-9]+)\s*$")
_PLACE = re.compile(r"\{n(?::0([1-6]))?\}")


class Columns(BaseModel):
    """Spellings a file may use besides the schema's own; blanks inside a name never matter, capitals do."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: tuple[str, ...] = ("", "Unnamed: 0")
    label: tuple[str, ...] = ("Good/Bad",)
    sensors: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = {}
    spelling: Literal["exact", "loose"] = "exact"
    ignored: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    trailing_empty: Literal["refuse", "drop"] = "refuse"

    @field_validator("sensors")
    @classmethod
    def _with_number(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not _PLACE.search(pattern):
                raise ValueError(f"{pattern!r} must hold {{n}}, the number in the sensor's name, or {{n:03}}")
        return patterns

    def key(self, name: str) -> str:
        """What two spellings of one column share."""
        return loosely(name) if self.spelling == "loose" else without_blanks(name)

    def ignores(self, name: str, *, named: bool = False) -> bool:
        """Whether a column is left out; `named` asks whether it is listed as it stands, and not by a `*`."""
        key = self.key(name)
        return any(
            _like(key, self.key(pattern)) if "*" in pattern and not named else key == self.key(pattern)
            for pattern in self.ignored
        )

    def claims(self, id_column: str, sensors: Sequence[str], label: str | None) -> Iterator[tuple[str, str]]:
        """Every accepted spelling with the schema's name it stands for, the schema's own names first."""
        known = [id_column, *sensors, *([label] if label else [])]
        yield from ((name, name) for name in known)
        yield from ((spelling, id_column) for spelling in self.id if not self.ignores(spelling, named=True))
        yield from ((spelling, label) for spelling in self.label if label)
        yield from self._of_patterns(sensors)
        names = {self.key(name): name for name in known}
        for name, spellings in self.aliases.items():
            if owner := names.get(self.key(name)):
                yield from ((spelling, owner) for spelling in spellings)

    def unknown_aliases(self, names: Iterable[str]) -> list[str]:
        """Names that have aliases and that the schema does not have."""
        known = {self.key(name) for name in names}
        return [name for name in self.aliases if self.key(name) not in known]

    def _of_patterns(self, sensors: Sequence[str]) -> Iterator[tuple[str, str]]:
        for pattern in self.sensors:
            for sensor in sensors:
                if number := _NUMBER.search(sensor):
                    yield _numbered(pattern, number[1]), sensor


def loosely(name: str) -> str:
    """A column name without what people write differently: blanks, capitals, and the signs `_ - .`."""
    return re.sub(r"[\s_.-]+", "", name).casefold()


def _like(key: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), key, re.DOTALL) is not None


def _numbered(pattern: str, number: str) -> str:
    return _PLACE.sub(lambda place: number.lstrip("0").rjust(int(place[1] or 1), "0"), pattern)
