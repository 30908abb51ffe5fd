"""The column that seems to hold the outcome, or that a person names, and what its values seem to mean."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wafer.contract.columns import loosely
from wafer.contract.draft.columns import Column
from wafer.contract.policy import Outcome
from wafer.contract.words import BIN_NAMES, FAILING_NAMES, LABEL_NAMES, LABEL_PAIRS, PASSING_NAMES, in_capitals_of
from wafer.errors import ContractInvalid
from wafer.shares import percent

_TWO = 2
_DEFAULT = {"-1": "pass", "1": "fail"}
_HALF = 0.5
_MOSTLY = 0.8
_MOST_KINDS = 64
_NAMES = LABEL_NAMES | FAILING_NAMES | PASSING_NAMES
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OutcomeColumn:
    """The outcome's column, the label map by the texts of the file, and what is not sure about it."""

    column: Column
    labels: Mapping[str, Outcome]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """What a person says: the outcome's column, and the values in it that passing wafers have."""

    outcome: str = ""
    passes: tuple[str, ...] = ()


NO_HINT = Hint()


def outcome_of(columns: Sequence[Column], hint: Hint = NO_HINT, *, alone: bool = False) -> OutcomeColumn | None:
    """The likeliest outcome: by its name, by words such as Pass and Fail, else the last column if it has two values.

    `alone` says that the table has no readings: then it may be any column with two values. Raises ContractInvalid
    where a person names a column that is not there.
    """
    if hint.outcome:
        return _as_hinted(_called(hint.outcome, columns), hint)
    filled = [column for column in columns if column.texts and not column.is_time]
    fitting = [column for column in filled if len(kinds_of(column)) <= _TWO or _mostly_paired(column)]
    named = [column for column in fitting if column.key in _NAMES]
    bins = [column for column in filled if column.key in BIN_NAMES and column.is_whole and "1" in column.texts]
    worded = [column for column in fitting if not column.is_numeric and _pair(column)]
    last = [
        column
        for column in (columns if alone else columns[-1:])
        if column in fitting and column.is_whole and _pair(column)
    ]
    for chosen, by_name in ((named, True), (bins, True), (worded, False), (last, False)):
        if chosen:
            return _meaning(chosen[-1], by_name=by_name or alone)
    return None


def kinds_of(column: Column) -> Counter[str]:
    """The values of a column whatever their capitals, and whole numbers however they are written."""
    kinds: Counter[str] = Counter()
    for text, times in column.texts.items():
        kinds[_kind(text)] += times
    return kinds


def _called(name: str, columns: Sequence[Column]) -> Column:
    found = [column for column in columns if name in (column.name, str(column.at + 1) if not column.name else "")]
    found += [column for column in columns if loosely(column.name) == loosely(name)]
    if not found or not found[0].texts:
        listed = ", ".join(f"`{column.name}`" for column in columns[-5:] if column.name)
        raise ContractInvalid(f"No column with values is called {name!r}; the last ones are {listed}.")
    return found[0]


def _as_hinted(column: Column, hint: Hint) -> OutcomeColumn:
    if not hint.passes:
        return _meaning(column, by_name=True)
    passing = {_kind(text) for text in hint.passes}
    if len(kinds_of(column)) > _MOST_KINDS:
        raise ContractInvalid(
            f"`{column.name}` has {len(kinds_of(column))} values, and an outcome has two or few more."
        )
    labels: dict[str, Outcome] = {_key(text): "pass" if _kind(text) in passing else "fail" for text in column.texts}
    if set(labels.values()) != {"pass", "fail"}:
        seen = ", ".join(f"`{text}`" for text in list(column.texts)[:5])
        raise ContractInvalid(f"`{column.name}` holds {seen}: by `--passes`, all of them mean the same.")
    return OutcomeColumn(column, labels, tuple(_doubts(column, labels, known=True, by_name=True)))


def _meaning(column: Column, *, by_name: bool) -> OutcomeColumn:
    pair = _pair(column)
    good, bad = pair or _by_number(column)
    labels: dict[str, Outcome] = {}
    for text in column.texts:
        if _kind(text) in (_kind(good), _kind(bad)):
            labels[_key(text)] = "pass" if _kind(text) == _kind(good) else "fail"
        elif not pair and column.key in BIN_NAMES:
            labels[_key(text)] = "fail"
    if "pass" not in labels.values():
        labels = {_key(good): "pass", **labels}
    if "fail" not in labels.values():
        labels[_key(bad)] = "fail"
    ordered = dict(sorted(labels.items(), key=lambda each: each[1], reverse=True))
    return OutcomeColumn(column, ordered, tuple(_doubts(column, ordered, known=bool(pair), by_name=by_name)))


def _pair(column: Column) -> Pair | None:
    """The text of a passing and of a failing wafer, in the capitals of the file."""
    seen = {_kind(text): text for text, _ in reversed(column.texts.most_common())}
    if set(seen) <= {"-1", "1"} and "-1" in seen:
        return "-1", "1"
    for good, bad in LABEL_PAIRS:
        if _covers(column, (good, bad)):
            first = next(text for text in column.texts if _kind(text) in (good, bad))
            both = tuple(seen.get(word) or in_capitals_of(first, word) for word in (good, bad))
            return (both[1], both[0]) if _turned(column, good) else (both[0], both[1])
    return None


def _covers(column: Column, pair: Pair) -> bool:
    """Whether a column holds a pair of words and nothing else; or both words, and little else."""
    kinds = kinds_of(column)
    if set(kinds) <= set(pair):
        return True
    return set(pair) <= set(kinds) and not column.is_numeric and _share(kinds, pair) >= _MOSTLY


def _share(kinds: Counter[str], pair: Pair) -> float:
    return sum(kinds[word] for word in pair) / kinds.total()


def _mostly_paired(column: Column) -> bool:
    return any(_covers(column, pair) for pair in LABEL_PAIRS)


def _turned(column: Column, good: str) -> bool:
    """Whether the name says the contrary of what a pair means for most: 1 in a column `pass`, yes in `failed`."""
    if good in {"0", "false", "no", "n"}:
        return column.key in PASSING_NAMES
    return good in {"true", "yes", "y", "1"} and column.key in FAILING_NAMES


def _by_number(column: Column) -> Pair:
    """The more frequent text is that of passing wafers; bin 1 is."""
    if column.key in BIN_NAMES and "1" in column.texts:
        return "1", next((text for text in column.texts if text != "1"), "2")
    (often, _), *rest = column.texts.most_common()
    return often, rest[0][0] if rest else f"not {often}"


def _kind(text: str) -> str:
    """What texts of one meaning share: `Pass` and `PASS`, `1`, `+1` and `1.0`."""
    plain = text.casefold()
    number = plain.lstrip("+")
    whole, point, fraction = number.partition(".")
    return whole if point and fraction.strip("0") == "" and whole.lstrip("-").isdecimal() else number


def _key(text: str) -> str:
    """A text as the label map has it."""
    kind = _kind(text)
    return kind if kind.lstrip("-").isdecimal() else text


def _doubts(column: Column, labels: Mapping[str, Outcome], *, known: bool, by_name: bool) -> Iterator[str]:
    named = column.name or column.at + 1
    failing = sum(times for text, times in column.texts.items() if labels.get(_key(text)) == "fail")
    neither = [(text, times) for text, times in column.texts.most_common() if _key(text) not in labels]
    if not by_name:
        yield f"Is `{named}` the outcome? Its name does not say so, its values do."
    if not known or (labels != _DEFAULT and column.is_whole):
        others = ", ".join(f"`{text}` means {meaning}" for text, meaning in labels.items())
        yield f"What do the outcomes mean? Taken: {others}."
    if failing > _HALF * column.texts.total():
        share = percent(failing / column.texts.total(), 0)
        yield f"{share} of the sampled wafers fail. Are the labels the other way round?"
    if neither:
        listed = ", ".join(f"`{text}` ({times})" for text, times in neither[:3])
        yield f"Neither pass nor fail, so these rows are refused: {listed}. Name them under `labels` if they are."
    if len(kinds_of(column)) < _TWO:
        yield f"The samples have one outcome only, `{next(iter(column.texts))}`; the other one is guessed."
