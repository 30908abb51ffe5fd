"""The form of file names, with their date and time, as the names of a folder show it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wafer.contract.file_name import EPOCHS, WEEK_SIGNS, date_form, moment, time_form
from wafer.contract.policy import FileNames

_DATES = (
    *("DDMMYYYY", "YYYYMMDD", "MMDDYYYY", "YYYY-MM-DD", "DD-MM-YYYY", "MM-DD-YYYY", "YYYY_MM_DD", "DD.MM.YYYY"),
    *("MM_DD_YYYY", "DD_MM_YYYY", "YYYY.MM.DD", "MM.DD.YYYY"),
    *("DDMMMYYYY", "DD-MMM-YYYY", "DD_MMM_YYYY", "DD.MMM.YYYY", "YYYYMMMDD", "YYYY-MMM-DD"),
    *("YYMMDD", "DDMMYY", "MMDDYY"),
)
_TIMES = ("HHMMSS", "HH-MM-SS", "HH_MM_SS", "HHMM", "HH-MM", "")
_WEEKS = tuple(
    form
    for sign in WEEK_SIGNS
    for mark in ("", "-", "_", ".")
    for form in (f"YYYY{mark}{sign}ww", f"{sign}ww{mark}YYYY", f"YY{mark}{sign}ww")
)
_WEEK_ALONE = re.compile(rf"(?<![A-Za-z])({'|'.join(WEEK_SIGNS)})[0-9]{{2}}(?![0-9])")
_YEAR = re.compile("(19|20)[0-9]{2}")
_YEARS = range(1990, 2060)
_YEARS_IN_SECONDS = range(2010, 2060)  # what is less is more likely a number of a lot


@dataclass(frozen=True, slots=True)
class NameForm:
    """The policy's `file_name`, and what is not sure about it."""

    names: FileNames
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stamps:
    """A way to write date and time in a name."""

    date: str
    time: str

    def parts_of(self, name: str) -> tuple[str, ...] | None:
        """The text before, between and after the stamps; None where there are none, or none of the calendar."""
        date, time = date_form(self.date), time_form(self.time)
        if date is None:
            return None
        follows = rf"([^0-9]{{0,3}})({time.pattern})" if time else "()()"
        for found in re.finditer(rf"(?<![0-9])({date.pattern}){follows}(?![0-9])", name):
            if _is_real(found[1], date.format) and (time is None or _is_real(found[3], time.format)):
                return name[: found.start()], found[2], name[found.end() :]
        return None

    def form(self, parts: Sequence[tuple[str, ...]]) -> str:
        """The form of names with these texts around the stamps."""
        before, between, after = (_common(texts) for texts in zip(*parts, strict=True))
        return f"{before}{{date}}{between}{{time}}{after}" if self.time else f"{before}{{date}}{after}"


def name_form(names: Sequence[str]) -> NameForm:
    """The form that all names have: with a date, and a time after it, where all carry them."""
    ways = [_Stamps(date, time) for time in _TIMES for date in _DATES]
    ways += [_Stamps(date, "") for date in (*_WEEKS, *EPOCHS)]
    found = [(way, parts) for way in ways if (parts := _parts(way, names))]
    if not found:
        return NameForm(FileNames(form=_any_of(names)), (_no_stamp(names),))
    way, parts = found[0]
    alike = [other.date for other, _ in found[1:] if other.time == way.time and len(other.date) == len(way.date)]
    others = alike + [f"{other.date} since 1970" for other, _ in found[1:] if other.date in EPOCHS]
    doubt = f"Dates in file names are read as {way.date}; {' or '.join(others)} is possible too." if others else ""
    if way.date in _WEEKS:
        doubt = f"Weeks in file names are read as {way.date}, as ISO 8601 counts them; a file is of the week's Monday."
    if way.date in EPOCHS:
        doubt = (
            f"The number in file names such as `{names[0]}` is read as {way.date} since 1970. If it is no time, write "
            f'`file_name: {{form: "{_any_of(names)}"}}` in the policy.'
        )
    return NameForm(FileNames(form=way.form(parts), date=way.date, time=way.time), (doubt,) if doubt else ())


def _parts(way: _Stamps, names: Sequence[str]) -> list[tuple[str, ...]] | None:
    found = [way.parts_of(name) for name in names]
    return None if None in found else [parts for parts in found if parts is not None]


def _common(texts: Sequence[str]) -> str:
    """What texts share, with `*` for what differs; a number at the edge of it differs as a whole."""
    if len(set(texts)) == 1:
        return texts[0]
    before = _shared(texts).rstrip("0123456789")
    rest = [text[len(before) :] for text in texts]
    after = _shared([text[::-1] for text in rest])[::-1].lstrip("0123456789")
    return f"{before}*{after}"


def _shared(texts: Sequence[str]) -> str:
    """How all texts begin; that is how the first and the last in their order do."""
    first, last = min(texts), max(texts)
    length = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length]


def _any_of(names: Sequence[str]) -> str:
    """Any text before the ending that all share."""
    endings = {"".join(Path(name).suffixes[-2:]) if name.endswith(".gz") else Path(name).suffix for name in names}
    return f"*{endings.pop()}" if len(endings) == 1 else "*"


def _no_stamp(names: Sequence[str]) -> str:
    if all(_WEEK_ALONE.search(name) and not _YEAR.search(name) for name in names):
        return (
            f"File names such as `{names[0]}` carry a week without its year, which is no date: figures by time and "
            "tests on later batches need one. Put the year before the week, as in `2026W40`, and draft again."
        )
    return (
        f"File names such as `{names[0]}` carry no date: figures by time and tests on later batches need one "
        "(`file_name` in the policy)."
    )


def _is_real(text: str, form: str) -> bool:
    found = moment(text, form)
    years = _YEARS_IN_SECONDS if form in dict(EPOCHS.values()) else _YEARS
    return found is not None and ("%H" in form or found.year in years)
