"""What the commands share: the option `--json`, where words for a person go, and which log lines a person sees."""

import getpass
import json
import logging
import os
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

import structlog
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, last on standard output.")]


UNCUT = 2000  # characters a line of what does not go to a terminal: nothing is wrapped there


def console_of(*, as_json: bool) -> Console:
    """Standard output, unless that is kept for the JSON object; as wide as its lines where it is no terminal."""
    console = Console(stderr=as_json)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNCUT
    return console


def listing(*headers: Column | str, title: str | None = None, caption: str | None = None) -> Table:
    """A table that folds its words in a narrow terminal, and never cuts one."""
    columns = (
        replace(each, overflow="fold") if isinstance(each, Column) else Column(each, overflow="fold")
        for each in headers
    )
    return Table(*columns, title=title, title_justify="left", caption=caption, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))


def minute(moment: str) -> str:
    """An ISO moment in UTC for a table: its day and minute, which may stand below each other."""
    return moment[:16].replace("T", " ")


def print_json(content: object) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(json.dumps(content) + "\n")


def user() -> str:
    """Who types the command."""
    with suppress(KeyError, OSError):  # a user id without a name, as in a container
        return getpass.getuser()
    return "command line"


def quiet_logs() -> None:
    """Show only warnings, on standard error: standard output belongs to the command."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(colors=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
