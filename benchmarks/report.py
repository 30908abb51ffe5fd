"""A benchmark's table: on the terminal, and as its section of a Markdown document."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.packages import XGBOOST
from wafer.process import cores

DOCUMENT = Path("docs/benchmarks.md")
SCALE = Path("docs/scale.md")  # written by hand around its section
ORDER = (
    "speed-dag",
    "walls",
    "speed-parse",
    "quality",
    "gate",
    "promise",
    "novelty",
    "score",
    "load",
    "load-documents",
)
_PREFACE = """# Benchmarks

`make bench` writes this page. Every section names the command that measured its figures.
`make bench ARGS="quality --help"` shows the options.
"""
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured."""

    date: str
    cores: int
    processor: str
    memory_gib: float
    python: str
    packages: str
    load: float  # processes that wanted to run in the minute before the benchmark started

    def sentence(self) -> str:
        """Say it in one line."""
        return (
            f"{self.date}; {self.cores} cores ({self.processor}), {self.memory_gib:.0f} GiB memory, "
            f"Python {self.python}, {self.packages}; load {self.load:.1f} before the start"
        )


def this_machine() -> Machine:
    """Describe the machine as it is now; call it before the work starts."""
    return Machine(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        cores=cores(),
        processor=_processor(),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB,
        python=platform.python_version(),
        packages=", ".join(f"{name} {version(name)}" for name in ("pyarrow", "scikit-learn", XGBOOST)),
        load=os.getloadavg()[0],
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found.group(1).strip() if found else platform.machine()


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark has to say; `groups` are the rows of its one table, with a rule between the groups."""

    name: str
    title: str
    command: str
    machine: Machine
    protocol: Sequence[str]
    headers: Sequence[str]
    groups: Sequence[Sequence[Sequence[str]]]
    words: int = 1  # leading columns that hold words, not numbers
    findings: Sequence[str] = field(default=())

    def table(self) -> Table:
        """Return the table for a terminal."""
        table = Table(title=self.title, box=SIMPLE_HEAD, title_justify="left", caption="\n".join(self.findings))
        table.caption_justify = "left"
        for number, header in enumerate(self.headers):
            table.add_column(header, justify="left" if number < self.words else "right")
        for group in self.groups:
            for row in group:
                table.add_row(*row)
            table.add_section()
        return table

    def markdown(self) -> str:
        """Return the section for the document."""
        rule = ["---" if number < self.words else "--:" for number in range(len(self.headers))]
        rows = [self.headers, rule, *(row for group in self.groups for row in group)]
        lines = [f"## {self.title}", "", f"`{self.command}`", "", self.machine.sentence() + ".", ""]
        lines += [*(f"- {sentence}" for sentence in self.protocol), ""]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([*lines, "", *(f"{sentence}\n" for sentence in self.findings)]).rstrip() + "\n"


def write_section(path: Path, section: Section) -> None:
    """Put the section into the document in the place of its earlier form; everything else stays as it is."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    begin, end = f"<!-- {section.name} -->\n", f"<!-- end of {section.name} -->"
    before, here, rest = text.partition(begin)
    if here:
        text = before + begin + section.markdown() + rest[rest.index(end) :]
    else:
        text = _with_new_section(text, section.name, f"{begin}{section.markdown()}{end}\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _with_new_section(text: str, name: str, part: str) -> str:
    """In the order of the sections, whichever is written first."""
    parts = {**_sections(text), name: part}
    ordered = sorted(parts, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return "\n".join([_PREFACE, *(parts[name] for name in ordered)])


def _sections(text: str) -> dict[str, str]:
    found = re.finditer(r"<!-- ([a-z-]+) -->\n.*?<!-- end of \1 -->\n", text, flags=re.DOTALL)
    return {match.group(1): match.group(0) for match in found}
