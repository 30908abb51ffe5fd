"""The command of a stage, `python -m STAGE`: options that stages share, the line it prints, errors and exit codes."""

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from wafer.errors import WaferError
from wafer.process import refuse_cut_answers

Step = Callable[..., str]

Schema = Annotated[str, typer.Option(help="Schema: path, s3:// URI or JSON text; default: the project's own.")]
Policy = Annotated[str, typer.Option(help="Policy: path, s3:// URI or JSON text; default: the project's own.")]
Export = Annotated[Path, typer.Option(help="Folder that the load stage exported into.")]
Training = Annotated[Path, typer.Option(help="File of wafers to learn from, written by preprocessing_train.")]
Preprocessor = Annotated[Path, typer.Option(help="Folder written by preprocessing_train.")]
ClusterModel = Annotated[Path, typer.Option(help="Folder written by clustering.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]


def run(steps: Step | Mapping[str, Step]) -> None:
    """Run a stage's step as a command, or several as subcommands; a step returns the line to print.

    A `WaferError` is one line on standard error and its exit code.
    """
    refuse_cut_answers()
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    for name, step in steps.items() if isinstance(steps, Mapping) else [(None, steps)]:
        app.command(name)(_printing(step))
    try:
        app()
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)


def counted(counts: Mapping[str, object]) -> str:
    """Counts as a line: `files 12, files_good 8`."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _printing(step: Step) -> Callable[..., None]:
    @functools.wraps(step)
    def command(**options: object) -> None:
        typer.echo(step(**options))

    return command
