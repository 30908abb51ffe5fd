"""A run of the command line: begun, followed to its end, and ended when the command is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from application.backends.local.attendance import attended
from application.backends.local.processes import run_folder
from application.cli.console import console_of, print_json, quiet_logs, user
from application.cli.progress import Progress
from application.cli.result import Result
from application.runs.opening import open_runs
from application.runs.run import BackendName, Run
from application.runs.service import Runs
from application.settings import ServiceSettings
from wafer.errors import WaferError, error_class
from wafer.process import Interrupted, interruptible
from wafer.settings import Settings
from wafer.store import open_store


@contextmanager
def run_service(backend: BackendName | None = None) -> Iterator[Runs]:
    """The run service over this machine's settings."""
    quiet_logs()
    with open_runs(Settings(), ServiceSettings(), backend) as service:
        yield service


def attend(service: Runs, run: Run, begin: Callable[[], Run], *, as_json: bool, output: Path | None = None) -> NoReturn:
    """Begin a run and follow it to its end. On this machine it ends with this command, whatever ends that."""
    console = console_of(as_json=as_json)
    here = run.backend == "embedded"
    with attended(run_folder(Settings(), run.run_id)) if here else nullcontext():
        try:
            with interruptible():
                ended = _follow(service, begin(), console)
        except WaferError:
            raise
        except Interrupted as told:
            _end(service, run, console, told, as_json=as_json)
            raise typer.Exit(told.exit_code) from told
        except BaseException as error:  # nobody reads what is printed
            _end(service, run, console, error, as_json=as_json)
            raise
    store = open_store(Settings().store_uri)
    result = Result.of(store, ended)
    if output:
        result = result.fetched(store, output)
    tell(console, result, as_json=as_json)
    raise typer.Exit(_exit_code(ended))


def _follow(service: Runs, run: Run, console: Console) -> Run:
    try:
        with Progress(console).shown() as progress:
            return service.follow(run.run_id, progress)
    except WaferError:
        console.print(f"Run {run.run_id} is not followed any more: `wafer runs retry {run.run_id}` continues it.")
        raise


def _end(service: Runs, run: Run, console: Console, why: BaseException, *, as_json: bool) -> None:
    """End a run whose command ends, and say so if anybody still reads it."""
    ended = None
    with suppress(WaferError):  # it has ended this moment, or has not begun
        ended = service.cancel(run.run_id, by=user())
    with suppress(OSError):
        console.print(f"\nStopped by {why}.", markup=False)
        if ended:
            tell(console, Result.of(open_store(Settings().store_uri), ended), as_json=as_json)


def _exit_code(run: Run) -> int:
    if run.state == "succeeded":
        return 0
    return error_class(run.error.code if run.error else WaferError.code).exit_code


def tell(console: Console, result: Result, *, as_json: bool) -> None:
    """Say how a run ended, for a person and, if asked, for a program."""
    result.tell(console)
    if as_json:
        print_json(result.to_json())
