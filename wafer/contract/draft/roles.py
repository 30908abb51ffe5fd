"""What each column of sampled exports seems to be: id, outcome, reading, or context of the wafer."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from wafer.contract.columns import loosely
from wafer.contract.draft.columns import Column, columns_of
from wafer.contract.draft.mistakes import (
    no_numbers,
    no_rows,
    on_its_side,
    one_reading_a_row,
    stand_ins,
    told_apart,
    with_units,
)
from wafer.contract.draft.outcomes import NO_HINT, Hint, OutcomeColumn, kinds_of, outcome_of
from wafer.contract.draft.samples import Excerpt
from wafer.contract.draft.wafers import IdSource, id_source
from wafer.contract.encodings import EASTERN
from wafer.contract.policy import OutcomesTable, Policy
from wafer.contract.text import DELIMITER_NAMES, Text
from wafer.contract.words import BIN_NAMES, CONTEXT_NAMES, FAILING_NAMES, ID_NAMES, LABEL_NAMES, PASSING_NAMES
from wafer.errors import ContractInvalid
from wafer.wafers.names import without_blanks

_LISTED = 5
_FEW = 5
_TWO = 2
_NO_SENSORS = CONTEXT_NAMES | ID_NAMES | LABEL_NAMES | FAILING_NAMES | PASSING_NAMES | BIN_NAMES


@dataclass(frozen=True)
class Roles:
    """The columns of sampled files by what they seem to be, and how their text is written.

    `context` are columns besides the readings (lot, time, tool), `nameless` says whether there are columns without a
    name that are no id, `loose` whether names are spelled differently from file to file.
    """

    text: Text
    id: IdSource
    outcome: OutcomeColumn | None
    sensors: tuple[Column, ...]
    context: tuple[Column, ...]
    nameless: tuple[Column, ...]
    loose: bool
    twice: tuple[str, ...]  # names that several columns have
    apart: str  # how these can have names of their own
    ends_empty: bool  # whether rows have empty cells that the header does not name
    outcomes_table: OutcomesTable | None = None  # where the outcomes are, if not in the files of readings

    def with_its_signs(self, text: Text) -> Text:
        """The form of a file as if its numbers had the signs of most: without fractions it shows none."""
        return text.model_copy(update={"decimal": self.text.decimal, "thousands": self.text.thousands})

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Words that stand for a missing reading."""
        return tuple(sorted(frozenset().union(*(sensor.missing_words for sensor in self.sensors))))

    @cached_property
    def silent(self) -> int:
        """How many sensors have no reading in any file."""
        return sum(sensor.is_silent for sensor in self.sensors)

    def has_outcome(self, sample: Excerpt) -> bool:
        """Whether a file has the outcome's column."""
        if self.outcome is None or self.outcomes_table:
            return self.outcomes_table is not None
        if not sample.header:
            return sample.width > self.outcome.column.at
        return loosely(self.outcome.column.name) in map(loosely, sample.header)

    def guesses(self) -> Iterator[str]:
        """What was taken for what, a sentence each."""
        yield f"Wafer id: {self._id()}."
        if self.outcome:
            labels = ", ".join(f"`{text}` means {meaning}" for text, meaning in self.outcome.labels.items())
            where = (
                f" of `{self.outcomes_table.file}`, joined by {self.outcomes_table.by}" if self.outcomes_table else ""
            )
            yield f"Outcome: {_named(self.outcome.column)}{where}; {labels}."
        yield f"{len(self.sensors)} sensors: {_in_short(self.sensors)}."
        if self.context:
            yield f"No sensors, but context of the wafer: {_in_short(self.context)}."
        if self.missing:
            yield f"Missing readings are empty fields and {', '.join(f'`{word}`' for word in self.missing)}."
        yield f"Text: {self._form()}."

    def doubts(self) -> Iterator[str]:
        """Questions for a person."""
        if self.outcome is None:
            yield "No column looks like an outcome: these files can be predicted, and a training needs one."
            yield from self._candidates()
        yield from self.outcome.doubts if self.outcome else ()
        yield from self.id.doubts
        if numeric := [column for column in self.context if column.is_numeric and not column.is_silent]:
            yield f"Taken for no sensors by name, or because they count, though they are numbers: {_in_short(numeric)}."
        yield from with_units([column for column in self.context if not column.is_numeric])
        yield from stand_ins(self.sensors)
        if self.twice:
            yield (
                f"Several columns are called {', '.join(f'`{name}`' for name in self.twice[:_LISTED])}: they are left "
                f"out. {self.apart or 'Name them apart in the export if they matter.'}"
            )
        if self.silent > Policy().silent_sensors * len(self.sensors):
            yield f"{self.silent} of {len(self.sensors)} sensors have no reading in any of these files: is that so?"
        if strange := [sensor for sensor in self.sensors if sensor.strange]:
            words = dict.fromkeys(chain.from_iterable(list(sensor.strange)[:1] for sensor in strange[:_LISTED]))
            listed = ", ".join(f'"{word}"' for word in words)
            yield (
                f"A few fields of sensors are no numbers; their rows are refused: {_with_texts(strange)}. If they "
                f"stand for missing readings, add {listed} under `readings: {{missing: […]}}` in the policy."
            )
        if self.text.encoding in EASTERN:
            others = ", ".join(f"`{name}`" for name in EASTERN if name != self.text.encoding)
            yield (
                f"The text is not UTF-8. Read as {self.text.encoding}, it has columns like {_in_short(self.sensors)}; "
                f"if these are not right, write one of {others} as `text: {{encoding: …}}` in the policy."
            )
        if not self.text.header and (self.context or self.nameless):
            yield "Without a header, only id, readings and outcome can be read, in this order: put a header in front."

    def _candidates(self) -> Iterator[str]:
        """Columns that could be the outcome, and how to say so."""
        for column in [*self.context, *self.sensors][::-1]:
            kinds = kinds_of(column)
            if 1 < len(kinds) <= _FEW and not column.is_time:
                often = column.texts.most_common(1)[0][0]
                seen = ", ".join(f"`{text}`" for text, _ in column.texts.most_common(_FEW))
                yield (
                    f"If it is {_named(column)} (it holds {seen}), draft again with "
                    f'`--outcome "{column.name or column.at + 1}" --passes "{often}"`, or what else passes.'
                )
                return
        for column in self.context:
            if len(column.texts) > _TWO and (column.is_yield or (column.key in LABEL_NAMES and column.is_numeric)):
                yield (
                    f"{_named(column)} has {len(column.texts)} values, and an outcome has two. Add a column `Result` "
                    "with pass or fail by the limit of your line, as a spreadsheet's "
                    f'`=IF({_letters(column.at)}2>=LIMIT, "pass", "fail")`, and draft again.'
                )

    def _id(self) -> str:
        where = _named(self.id.column) if self.id.column else "none of the columns"
        return where if self.id.template == "{id}" else f"{where}; made as `{self.id.template}`"

    def _form(self) -> str:
        text = self.text
        sheet = f"sheet `{text.sheet}` of a workbook" if text.sheet else "a workbook's first sheet"
        parts = [
            sheet
            if text.workbook
            else f"{DELIMITER_NAMES[text.delimiter][1]} between columns{' and around them' if text.bars_around else ''}"
        ]
        parts += [f"{text.encoding.upper()}"] if text.encoding != "utf-8" else []
        parts += ["packed by gzip"] if text.compression == "gzip" else []
        parts += ["decimal commas"] if text.decimal == "," else []
        parts += [f"thousands signs `{text.thousands}`"] if text.thousands else []
        parts += [f"{text.lines_before_header} lines before the header"] if text.lines_before_header else []
        parts += [f"{text.lines_after_header} lines of units or limits below it"] if text.lines_after_header else []
        parts += [f"`{text.header_mark}` before the header"] if text.header_mark else []
        parts += ["row names without a name of their own"] if text.row_names else []
        parts += ["line ends inside quotes"] if text.quoted_line_ends == "blank" else []
        return ", ".join([*parts, *([] if text.header else ["no header"])])


def roles_of(samples: Sequence[Excerpt], hint: Hint = NO_HINT) -> Roles:
    """What the columns of files that are alike seem to be. Raises ContractInvalid where none is a sensor."""
    if mistake := no_rows(samples) or on_its_side(samples):
        raise ContractInvalid(mistake)
    text = _text_of(samples)
    columns = columns_of(samples, text.numbers)
    outcome = outcome_of(columns, hint)
    rest = [column for column in columns if not outcome or column is not outcome.column]
    wafers = id_source(rest)
    rest = [column for column in rest if column is not wafers.column and column is not wafers.index]
    nameless = tuple(column for column in rest if text.header and not without_blanks(column.name))
    if mistake := one_reading_a_row(columns, [column for column in rest if not _is_context(column)]):
        raise ContractInvalid(mistake)
    times = Counter(column.key for column in columns if text.header and column.key)
    twice = tuple(dict.fromkeys(column.name for column in rest if times[column.key] > 1))
    named = [column for column in rest if column not in nameless and column.name not in twice]
    context = tuple(column for column in named if _is_context(column) or (text.header and column.counts_wafers))
    sensors = tuple(column for column in named if column not in context)
    apart = told_apart(samples, twice)
    if not sensors:
        reason = apart or no_numbers(context)
        raise ContractInvalid(f"The tables have no column of readings. {reason}".strip())
    return Roles(
        text,
        wafers,
        outcome,
        sensors,
        context,
        nameless,
        _loose(samples),
        twice,
        apart,
        any(each.ends_empty for each in samples),
    )


def _text_of(samples: Sequence[Excerpt]) -> Text:
    """The form of most files, with the signs of those that show some."""
    text = Counter(sample.text for sample in samples).most_common(1)[0][0]
    decimal = "," if any(sample.text.decimal == "," for sample in samples) else "."
    thousands = next((sample.text.thousands for sample in samples if sample.text.thousands), "")
    return text.model_copy(update={"decimal": decimal, "thousands": thousands if thousands != decimal else ""})


def _is_context(column: Column) -> bool:
    return column.key in _NO_SENSORS or column.is_yield or column.is_time or not column.is_numeric


def _loose(samples: Sequence[Excerpt]) -> bool:
    """Whether a column is spelled in several ways."""
    spellings = {without_blanks(name) for sample in samples for name in sample.header}
    return len(spellings) > len(set(map(loosely, spellings)))


def _named(column: Column) -> str:
    return f"`{column.name}`" if without_blanks(column.name) else f"column {column.at + 1}"


def _letters(at: int) -> str:
    """What a spreadsheet calls a column."""
    before, letter = divmod(at, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + letter)


def _in_short(columns: Sequence[Column]) -> str:
    more = f" and {len(columns) - _LISTED} more" if len(columns) > _LISTED else ""
    return ", ".join(map(_named, columns[:_LISTED])) + more


def _with_texts(columns: Sequence[Column]) -> str:
    texts = chain.from_iterable(((column, text) for text in list(column.strange)[:1]) for column in columns[:_LISTED])
    return ", ".join(f"{_named(column)} holds `{text}`" for column, text in texts)
