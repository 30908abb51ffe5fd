"""The commands around notices: `wafer webhooks`, `wafer webhooks test`; and telling what a command brought about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import structlog
import typer
from rich.markup import escape

from application.api.lines import Lines
from application.api.registry import LazyRegistry
from application.cli.console import Json, console_of, listing, print_json, quiet_logs
from application.notices.notices import Notices
from application.notices.opening import open_notices
from application.runs.opening import open_journal, open_ledger
from application.settings import ServiceSettings
from wafer.errors import WaferError
from wafer.settings import Settings
from wafer.store import open_store

webhooks_app = typer.Typer(no_args_is_help=False, help="Who is told of failed runs, promotions, drift and the like.")


@webhooks_app.callback(invoke_without_command=True)
def webhooks(context: typer.Context, as_json: Json = False) -> None:
    """List the addresses of WAFER_WEBHOOKS, and how each takes its notices; the addresses themselves stay secret."""
    if context.invoked_subcommand:
        return
    with _notices() as notices:
        found = notices.outbox.standing() if notices else []
    if as_json:
        print_json({"webhooks": [asdict(each) for each in found]})
        return
    table = listing("address", "form", "waiting", "given up", "last taken", "last error")
    for each in found:
        table.add_row(*(escape(str(value)) for value in asdict(each).values()))
    console_of(as_json=False).print(table if found else "Nobody is told: WAFER_WEBHOOKS is not set.")


@webhooks_app.command("test")
def send_test() -> None:
    """Send a test to every address; exit code 1 if one does not take it."""
    quiet_logs()
    with _notices() as notices:
        if not notices:
            raise typer.BadParameter("WAFER_WEBHOOKS is not set: set it to an address first.")
        answers = notices.outbox.test()
    for address, error in answers.items():
        console_of(as_json=False).print(f"{address}: {error or 'taken'}", markup=False)
    raise typer.Exit(1 if any(answers.values()) else 0)


@contextmanager
def telling() -> Iterator[None]:
    """Tell at its end what happened in the block; what an address does not take then, the service tries again."""
    with _notices() as notices:
        if notices:
            notices.begin()
        try:
            yield
        finally:
            if notices:
                _tell(notices)


def _tell(notices: Notices) -> None:
    try:
        notices.look()
        notices.look_at_promotions()
        notices.outbox.deliver()
    except WaferError as error:  # the command has done its work
        structlog.get_logger().warning("notices.failed", code=error.code, message=error.message)


@contextmanager
def _notices() -> Iterator[Notices | None]:
    common, settings = Settings(), ServiceSettings()
    if not settings.webhooks.get_secret_value():
        yield None
        return
    store = open_store(common.store_uri)
    lines = Lines(store, lambda name: LazyRegistry(common.tracking_uri, name))
    with open_ledger(common, settings) as ledger, open_journal(common, settings) as journal:
        yield open_notices(settings, ledger, journal, store, lines.registries, lines.judge)
