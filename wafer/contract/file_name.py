"""The form of a batch file's name, as the schema's sample shows it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime

_DATE_FORMATS = {8: "%d%m%Y", 6: "%d%m%y"}
_TIME_FORMATS = {6: "%H%M%S", 4: "%H%M"}


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
            form == "" or _is_in_calendar(found[part], form)
            for part, form in (("date", self.date_format), ("time", self.time_format))
        )

    def stamp(self, name: str) -> datetime | None:
        """When the batch was written, as its name says it; None for another form, or stamps of an unknown one."""
        found = self.pattern.fullmatch(name)
        if found is None or not (self.date_format and self.time_format):
            return None
        try:
            return datetime.strptime(found["date"] + found["time"], self.date_format + self.time_format)  # noqa: DTZ007
        except ValueError:
            return None

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
        return cls(example, pattern, _DATE_FORMATS.get(date, ""), _TIME_FORMATS.get(time, ""))


def _is_in_calendar(digits: str, form: str) -> bool:
    try:
        datetime.strptime(digits, form)  # noqa: DTZ007 - only asked whether the calendar has it
    except ValueError:
        return False
    return True
