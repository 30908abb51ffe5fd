"""The column that seems to hold the outcome, and what its values seem to mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wafer.contract.draft.columns import Column
from wafer.contract.policy import Outcome
from wafer.contract.words import FAILING_NAMES, LABEL_NAMES, LABEL_PAIRS, PASSING_NAMES, in_capitals_of

_TWO = 2
_DEFAULT = {"-1": "pass", "1": "fail"}
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class OutcomeColumn:
    """The outcome's column, the label map by the texts of the file, and what is not sure about it."""

    column: Column
    labels: Mapping[str, Outcome]
    doubts: tuple[str, ...]


def outcome_of(columns: Sequence[Column], *, alone: bool = False) -> OutcomeColumn | None:
    """The likeliest outcome: by its name, by words such as Pass and Fail, else the last column if it has two values.

    `alone` says that the table has no readings: then it may be any column with two values.
    """
    fitting = [column for column in columns if column.texts and len(column.texts) <= _TWO and not column.is_time]
    named = [column for column in fitting if column.key in LABEL_NAMES | FAILING_NAMES | PASSING_NAMES]
    worded = [column for column in fitting if not column.is_numeric and _pair(column)]
    last = [
        column
        for column in (columns if alone else columns[-1:])
        if column in fitting and column.is_whole and _pair(column)
    ]
    for chosen, by_name in ((named, True), (worded, False), (last, False)):
        if chosen:
            return _meaning(chosen[-1], by_name=by_name or alone)
    return None


def _meaning(column: Column, *, by_name: bool) -> OutcomeColumn:
    pair = _pair(column)
    good, bad = pair or _by_number(column)
    labels: dict[str, Outcome] = {good: "pass", bad: "fail"}
    return OutcomeColumn(column, labels, tuple(_doubts(column, labels, known=bool(pair), by_name=by_name)))


def _pair(column: Column) -> tuple[str, str] | None:
    """The text of a passing and of a failing wafer, in the capitals of the file."""
    seen = list(column.texts)
    if {text.lstrip("+") for text in seen} <= {"-1", "1"} and "-1" in seen:
        return "-1", "1"
    for good, bad in LABEL_PAIRS:
        if {text.lower() for text in seen} <= {good, bad}:
            written = {text.lower(): text for text in seen}
            both = tuple(written.get(word) or in_capitals_of(seen[0], word) for word in (good, bad))
            return (both[1], both[0]) if _turned(column, good) else (both[0], both[1])
    return None


def _turned(column: Column, good: str) -> bool:
    """Whether the name says the contrary of what a pair means for most: 1 in a column `pass`, yes in `failed`."""
    if good in {"0", "false", "no", "n"}:
        return column.key in PASSING_NAMES
    return good in {"true", "yes", "y", "1"} and column.key in FAILING_NAMES


def _by_number(column: Column) -> tuple[str, str]:
    """The more frequent text is that of passing wafers."""
    (often, _), *rest = column.texts.most_common()
    return often, rest[0][0] if rest else f"not {often}"


def _doubts(column: Column, labels: Mapping[str, Outcome], *, known: bool, by_name: bool) -> Iterator[str]:
    bad = next(text for text, meaning in labels.items() if meaning == "fail")
    share = column.texts[bad] / column.texts.total()
    if not by_name:
        yield f"Is `{column.name or column.at + 1}` the outcome? Its name does not say so, its values do."
    if not known or (labels != _DEFAULT and column.is_whole):
        others = ", ".join(f"`{text}` means {meaning}" for text, meaning in labels.items())
        yield f"What do the outcomes mean? Taken: {others}."
    if share > _HALF:
        yield f"{share:.0%} of the sampled wafers fail. Are the labels the other way round?"
    if len(column.texts) < _TWO:
        yield f"The samples have one outcome only, `{next(iter(column.texts))}`; the other one is guessed."
