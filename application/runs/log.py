"""The lines that a run's tasks wrote, without what kfp writes around them: colours, dumps, banners."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TASK = re.compile(r"[\d:.]+ - INFO - Executing task '([^']+)'")
_BANNER = re.compile(r"[\d:.]+ - (INFO|WARNING) - |\[KFP Executor |\s*-{20,}$|\s*$")
_DUMP = re.compile(r"\[KFP Executor .*Got executor_input:|[\d:.]+ - INFO - Task '[^']+' outputs:")
_SKIPPED = ("run_id", "stage", "event", "level", "timestamp")

Value = str | int | float | bool | None | list[object] | dict[str, object]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line: of one of our own events, or any text that something else printed (`at` is empty then)."""

    task: str
    at: str  # ISO 8601 in UTC
    level: str
    message: str
    facts: dict[str, Value] = field(default_factory=dict)

    def text(self) -> str:
        """One line for a person."""
        facts = " ".join(f"{name}={value}" for name, value in self.facts.items())
        return " ".join(each for each in (self.at[:19].replace("T", " "), self.task, self.message, facts) if each)


def log_lines(text: Iterable[str]) -> Iterator[LogLine]:
    """Read what the worker of an embedded run wrote."""
    task, in_dump = "", False
    for raw in text:
        line = _COLOUR.sub("", raw).rstrip()
        if found := _TASK.match(line):
            task = found[1]
        in_dump = bool(_DUMP.match(line)) or (in_dump and _goes_on(line))
        if in_dump or _BANNER.match(line):
            continue
        yield _of(line, task)


def _goes_on(line: str) -> bool:
    """Whether a dump, a JSON object over several lines or indented names, is not over."""
    return line in ("{", "}") or line.startswith(" ")


def _of(line: str, task: str) -> LogLine:
    try:
        found = json.loads(line) if line.startswith("{") else {}
    except json.JSONDecodeError:
        found = {}
    if "event" not in found:
        return LogLine(task, "", "", line)
    facts = {name: value for name, value in found.items() if name not in _SKIPPED}
    at, level = (str(found.get(name, "")) for name in ("timestamp", "level"))
    return LogLine(str(found.get("stage", task)), at, level, str(found["event"]), facts)
