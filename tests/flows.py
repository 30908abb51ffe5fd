"""The table of docs/flows.md: every connection that the system needs."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "flows.md"
ROW = re.compile(r"^\| ([a-z][a-z ]*) \| ([a-z][a-z ]*) \| (\d+) \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Flow:
    """One party speaks to another one's port."""

    source: str
    target: str
    port: int


def flows() -> set[Flow]:
    """The rows of the table."""
    return {Flow(source, target, int(port)) for source, target, port in ROW.findall(PAGE.read_text(encoding="utf-8"))}
