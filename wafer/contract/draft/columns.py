"""The columns of sampled exports with what stands in them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from wafer.contract.columns import loosely
from wafer.contract.draft.samples import Excerpt
from wafer.contract.text import Numbers
from wafer.contract.words import MISSING_WORDS, YIELD_NAMES

_DAY = r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}"
_TIME = re.compile(rf"(?:{_DAY})(?:[ T][0-9]{{1,2}}:[0-9]{{2}}.*)?|[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}.*)?")
_MOSTLY = 0.9
_FEW = 5
_MANY = 10
_SECONDS = re.compile(r"(?:1[3-9]|20)[0-9]{8}(?:[0-9]{3}|\.[0-9]+)?")  # since 1970, of 2011 to 2036


@dataclass(frozen=True)
class Column:
    """One column of all sampled files that have it."""

    name: str
    at: int  # where it stands in the first file that has it
    values: tuple[tuple[str, ...], ...]  # of each file
    numbers: Numbers

    @cached_property
    def key(self) -> str:
        """The name without what people write differently."""
        plain = loosely(self.name).replace("/", "")
        return plain.strip("#:?") or plain

    @cached_property
    def is_yield(self) -> bool:
        """Whether the name is that of a yield or of a count of dies, which a test tells after all readings."""
        return YIELD_NAMES.search(self.key) is not None

    @cached_property
    def texts(self) -> Counter[str]:
        """Everything that is neither empty nor a word for a missing reading."""
        return Counter({text: count for text, count in self._all.items() if text and not _is_missing(text)})

    @cached_property
    def missing_words(self) -> frozenset[str]:
        """The words that stand for a missing reading."""
        return frozenset(text for text in self._all if text and _is_missing(text))

    @cached_property
    def is_empty(self) -> bool:
        """Whether no file has anything in it."""
        return not any(self._all)

    @cached_property
    def is_silent(self) -> bool:
        """Whether no file has a value in it."""
        return not self.texts

    @cached_property
    def strange(self) -> Counter[str]:
        """What is no number."""
        return Counter({text: count for text, count in self.texts.items() if not self.numbers.one.fullmatch(text)})

    @cached_property
    def is_numeric(self) -> bool:
        """Whether nearly every value is a number; or most of many, next to limits (`<0.01`) or a few words."""
        others, numbers = self.strange.total(), len(self.texts) - len(self.strange)
        if others <= (1 - _MOSTLY) * self.texts.total():
            return True
        words = [text for text in self.strange if text[0] not in "<>"]
        return numbers > _MANY and len(words) <= _FEW and 2 * others <= self.texts.total()

    @cached_property
    def is_time(self) -> bool:
        """Whether the values are dates or times."""
        return bool(self.texts) and all(_TIME.fullmatch(text) or _SECONDS.fullmatch(text) for text in self.texts)

    @cached_property
    def is_whole(self) -> bool:
        """Whether the values are whole numbers."""
        return bool(self.texts) and all(text.lstrip("+-").isdecimal() for text in self.texts)

    @cached_property
    def is_integral(self) -> bool:
        """Whether the values are whole numbers, if with `.0` behind."""
        return bool(self.texts) and all(
            self.numbers.one.fullmatch(text) and self.numbers.value(text).is_integer() for text in self.texts
        )

    @cached_property
    def counts_up(self) -> bool:
        """Whether every file numbers its rows here."""
        return self.is_whole and all(_is_index(file) for file in self.values if file)

    @cached_property
    def counts_wafers(self) -> bool:
        """Whether nearly every value is the one above it and one: a number of wafers, slots or rows."""
        if not self.is_whole:
            return False
        steps = [
            int(after) - int(before) for file in self.values for before, after in pairwise(file) if before and after
        ]
        return len(steps) >= _FEW and steps.count(1) >= _MOSTLY * len(steps)

    @cached_property
    def _all(self) -> Counter[str]:
        return Counter(text for file in self.values for text in file)


def columns_of(samples: Sequence[Excerpt], numbers: Numbers) -> tuple[Column, ...]:
    """The columns of files that are alike, in the order of the first ones."""
    names: dict[str, tuple[str, int]] = {}
    values: dict[str, list[tuple[str, ...]]] = {}
    for sample in samples:
        header = sample.header or ("",) * sample.width
        for key, (at, name) in _keyed(header).items():
            names.setdefault(key, (name, at))
            values.setdefault(key, []).append(tuple(row[at] if at < len(row) else "" for row in sample.rows))
    return tuple(Column(name, at, tuple(values[key]), numbers) for key, (name, at) in names.items())


def _keyed(header: Iterable[str]) -> dict[str, tuple[int, str]]:
    """The place and name of each column; a second one without a name, or with the same, is a column of its own."""
    found: dict[str, tuple[int, str]] = {}
    for at, name in enumerate(header):
        key = loosely(name)
        found[key if key not in found else f"{key}\0{at}"] = (at, name)
    return found


def _is_missing(text: str) -> bool:
    return text.lower() in MISSING_WORDS


def _is_index(values: Sequence[str]) -> bool:
    first = int(values[0]) if values[0].isdecimal() else -1
    return first in (0, 1) and all(text == str(first + n) for n, text in enumerate(values))
