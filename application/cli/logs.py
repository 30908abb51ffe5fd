"""The command `wafer logs`: what the tasks of a run wrote."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from application.cli.console import Json, print_json, quiet_logs
from application.runs.opening import open_runs
from application.settings import ServiceSettings
from wafer.settings import Settings


def logs(
    run_id: Annotated[str, typer.Argument(help="Id of a run.", metavar="RUN")],
    task: Annotated[str, typer.Argument(help="One of its tasks; nothing: all.", metavar="[TASK]")] = "",
    as_json: Json = False,
) -> None:
    """Print the log of a run of this machine, or of one of its tasks."""
    quiet_logs()
    with open_runs(Settings(), ServiceSettings()) as runs:
        lines = runs.log(run_id, task)
    if as_json:
        print_json({"run_id": run_id, "lines": [asdict(line) for line in lines]})
    for line in () if as_json else lines:
        sys.stdout.write(line.text() + "\n")
