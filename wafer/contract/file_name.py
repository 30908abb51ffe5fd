"""The form of a batch file's name, as the schema's sample shows it or the policy says it."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

DATE_FORMATS = {8: "%d%m%Y", 6: "%d%m%y"}
TIME_FORMATS = {6: "%H%M%S", 4: "%H%M"}
EPOCHS = {"seconds": ("%s", 10), "milliseconds": ("%Q", 13)}  # since 1970: a format that is ours, and digits
_A_SECOND = {"%s": 1, "%Q": 1000}
WEEK_SIGNS = ("WW", "KW", "CW", "W", "ww", "kw", "cw", "w")
_WEEKS = {"YYYY": ("[0-9]{4}", "%G"), "YY": ("[0-9]{2}", "%g"), "D": ("[1-7]", "%u"), "": ("", "")}
_PLACES = re.compile(r"(\{date\}|\{time\}|\*)")


@dataclass(frozen=True, slots=True)
class FileName:
    """The form of a batch file's name: a fixed text around a date stamp and a time stamp; capitals matter."""

    example: str
    pattern: re.Pattern[str]
    date_format: str  # "" where the stamp has a length no known form has: then any digits will do
    time_format: str

    def matches(self, name: str) -> bool:
        """Whether the name has the form, whatever its stamps say."""
        return self.pattern.fullmatch(name) is not None

    def stamps_are_real(self, name: str) -> bool:
        """Whether a name of the right form carries a date of the calendar and a time of the day."""
        found = self.pattern.fullmatch(name)
        return found is not None and all(
            form == "" or moment(found[part], form) is not None
            for part, form in (("date", self.date_format), ("time", self.time_format))
        )

    def stamp(self, name: str) -> datetime | None:
        """When the batch was written, as its name says it; None for another form, or stamps of an unknown one."""
        found = self.pattern.fullmatch(name)
        stamps = found.groupdict() if found else {}
        if not self.date_format or "date" not in stamps or ("time" in stamps and not self.time_format):
            return None
        day = moment(stamps["date"], self.date_format)
        time = moment(stamps["time"], self.time_format) if "time" in stamps else day
        return datetime.combine(day, time.time()) if day and time else None

    def to_json(self) -> str:
        """The form as text, for the metadata of a table."""
        parts = {"date_format": self.date_format, "time_format": self.time_format}
        return json.dumps({"example": self.example, "pattern": self.pattern.pattern, **parts})

    @classmethod
    def from_json(cls, text: str | bytes) -> "FileName":
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(raw["example"], re.compile(raw["pattern"]), raw["date_format"], raw["time_format"])

    @classmethod
    def like(cls, example: str, date: int, time: int) -> "FileName | None":
        """The form of an example with stamps of so many digits; None when the example does not hold them."""
        parts = re.fullmatch(rf"(.*?)(?<![0-9])([0-9]{{{date}}})([^0-9]+)([0-9]{{{time}}})([^0-9].*)", example)
        if parts is None:
            return None
        before, between, after = (re.escape(parts[n]) for n in (1, 3, 5))
        pattern = re.compile(rf"{before}(?P<date>[0-9]{{{date}}}){between}(?P<time>[0-9]{{{time}}}){after}")
        return cls(example, pattern, DATE_FORMATS.get(date, ""), TIME_FORMATS.get(time, ""))

    @classmethod
    def of_form(cls, form: str, date: "Stamp", time: "Stamp", example: str) -> "FileName | None":
        """The form of a name with `{date}`, `{time}` and `*` for any text; None when it is none."""
        parts = _PLACES.split(form)
        if date.format in _A_SECOND and "{time}" in form:
            return None
        if not form or parts.count("{date}") > 1 or parts.count("{time}") > 1 or "/" in form:
            return None
        texts = {"{date}": f"(?P<date>{date.pattern})", "{time}": f"(?P<time>{time.pattern})", "*": ".*"}
        pattern = re.compile("".join(texts.get(part, re.escape(part)) for part in parts))
        dates = date.format if "{date}" in form else ""
        times = time.format if "{time}" in form else ""
        return cls(example if pattern.fullmatch(example) else form, pattern, dates, times)


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a date or a time is written: a pattern of its digits, and the format for `strptime`."""

    pattern: str
    format: str


def date_form(text: str) -> Stamp | None:
    """The stamp that `YYYYMMDD`, `DD-MM-YY`, `DDMMMYYYY` (with `Nov`), `YYYYWww` (a week) or `seconds` stands for."""
    if text in EPOCHS:
        form, digits = EPOCHS[text]
        return Stamp(rf"[0-9]{{{digits}}}", form)
    if "ww" in text:
        return _week_form(text)
    return _stamp(text, {"YYYY": "%Y", "YY": "%y", "MMM": "%b", "MM": "%m", "DD": "%d"})


def time_form(text: str) -> Stamp | None:
    """The stamp that `HHMMSS` or `HH-MM` stands for."""
    return _stamp(text, {"HH": "%H", "MM": "%M", "SS": "%S"})


def digits_form(length: int, forms: dict[int, str]) -> Stamp:
    """A stamp of so many digits; of an unknown form when the length has none."""
    return Stamp(rf"[0-9]{{{length}}}", forms.get(length, ""))


def _stamp(text: str, known: dict[str, str]) -> Stamp | None:
    parts = re.findall("|".join(known) + r"|[-_.]", text)
    if "".join(parts) != text or len(set(parts) & set(known)) < 2:
        return None
    signs = {part: f"[A-Za-z]{{{len(part)}}}" if known[part] == "%b" else f"[0-9]{{{len(part)}}}" for part in known}
    pattern = "".join(signs.get(part, re.escape(part)) for part in parts)
    return Stamp(pattern, "".join(known.get(part, part) for part in parts))


def _week_form(text: str) -> Stamp | None:
    """A year, a week and maybe a day of it, as ISO 8601 counts them, with letters before the week: `YYYY-Www-D`."""
    found = re.fullmatch(rf"(YYYY|YY)?([-_.]?)({'|'.join(WEEK_SIGNS)})ww(?:([-_.]?)(YYYY|D))?", text)
    if not found or (found[1] is None) != (found[5] == "YYYY"):
        return None
    first, mark, sign, between, last = (part or "" for part in found.groups())
    (before, year), (after, rest) = _WEEKS[first], _WEEKS[last]
    pattern = f"{before}{re.escape(mark + sign)}[0-9]{{2}}{re.escape(between)}{after}"
    return Stamp(pattern, f"{year}{mark}{sign}%V{between}{rest}")


def moment(text: str, form: str) -> datetime | None:
    """When a stamp of this form is, a week by its Monday; None where the calendar does not have it."""
    if form in _A_SECOND:
        return datetime.fromtimestamp(int(text) / _A_SECOND[form], UTC).replace(tzinfo=None)
    if form.startswith("%g"):
        text, form = f"20{text}", form.replace("%g", "%G", 1)
    if "%V" in form and "%u" not in form:
        text, form = f"{text} 1", f"{form} %u"
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007 - stamps say no time zone
    except ValueError:
        return None
    return found if "%V" not in form or found.strftime(form) == text else None  # a year without a week 53
