"""What the commands share: the option `--json`, where words for a person go, and which log lines a person sees."""

import getpass
import json
import logging
import sys
from contextlib import suppress
from typing import Annotated

import structlog
import typer
from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, last on standard output.")]


def console_of(*, as_json: bool) -> Console:
    """Standard output, unless that is kept for the JSON object."""
    return Console(stderr=as_json)


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
