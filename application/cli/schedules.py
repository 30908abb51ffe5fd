"""The commands around predictions that start by themselves: `wafer schedules`, add, remove."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from application.api.lines import Lines
from application.api.registry import LazyRegistry
from application.cli.console import Json, console_of, listing, minute, print_json, quiet_logs, user
from application.cli.options import ContractOption, Policy, Schema, Source, contract_parameters
from application.runs.opening import open_journal, open_ledger, runs_over
from application.runs.run import absolute, now
from application.schedules.schedule import Schedule
from application.schedules.schedules import Schedules
from application.settings import ServiceSettings
from wafer.settings import Settings
from wafer.store import list_batches, open_store

schedules_app = typer.Typer(
    no_args_is_help=False, help="Predictions that the service starts by itself when the files of a source have changed."
)


@schedules_app.callback(invoke_without_command=True)
def schedules(context: typer.Context, as_json: Json = False) -> None:
    """List the schedules and what came of their last look; `wafer serve` does the looking."""
    if context.invoked_subcommand:
        return
    with _schedules() as kept:
        found = kept.all()
    if as_json:
        print_json({"schedules": [{**asdict(each.schedule), "due": each.due} for each in found]})
        return
    table = listing("name", "source", "hours", "next look", "last look", "found", "run")
    for each in found:
        plan = each.schedule
        moments = (minute(each.due), minute(plan.looked))
        cells = (plan.name, plan.source, f"{plan.hours:g}", *moments, plan.found, plan.run_id)
        table.add_row(*map(escape, cells))
    console_of(as_json=False).print(table if found else "No schedule yet: `wafer schedules add NAME SOURCE`.")


@schedules_app.command()
def add(
    name: str,
    source: Source,
    hours: Annotated[float, typer.Option(min=0.25, max=744, help="Hours between two looks.")] = 24.0,
    contract: ContractOption = "",
    schema: Schema = "",
    policy: Policy = "",
) -> None:
    """Keep a schedule, instead of one of its name: predict a source whenever its files have changed."""
    quiet_logs()
    list_batches(source)  # the source has to exist
    named = contract_parameters("predict", contract, schema, policy)
    plan = Schedule(name, absolute(source), hours, named, user(), now())
    with _schedules() as kept:
        kept.put(plan)
    console_of(as_json=False).print(f"{name}: {plan.source}, every {hours:g} h while `wafer serve` runs.", markup=False)


@schedules_app.command()
def remove(name: str) -> None:
    """End a schedule; predictions that it started continue."""
    with _schedules() as kept:
        kept.remove(name)
    console_of(as_json=False).print(f"{name} has ended.", markup=False)


@contextmanager
def _schedules() -> Iterator[Schedules]:
    common, settings = Settings(), ServiceSettings()
    store = open_store(common.store_uri)
    lines = Lines(store, lambda name: LazyRegistry(common.tracking_uri, name))
    with open_ledger(common, settings) as ledger, open_journal(common, settings) as journal:
        runs = runs_over(ledger, common, settings, store)
        yield Schedules(runs, journal, lines.contracts, lines.require_production)
