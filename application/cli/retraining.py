"""The commands around training again: `wafer retrain`, `wafer retrain history`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.markup import escape

from application.api.lines import Lines
from application.api.registry import LazyRegistry
from application.api.shapes.retraining import RetrainingDecision
from application.cli.attending import attend
from application.cli.console import Json, console_of, listing, minute, print_json, quiet_logs, user
from application.cli.options import ContractOption, chosen_contract
from application.cli.webhooks import telling
from application.retraining.retraining import Retraining
from application.runs.opening import open_journal, open_ledger, runs_over
from application.runs.service import Runs
from application.settings import ServiceSettings
from wafer.built_in import BUILT_IN
from wafer.settings import Settings
from wafer.store import open_store


def retrain(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell the decision; start and keep nothing.")] = False,
    wait: Annotated[bool, typer.Option(help="Follow the training until it ends.")] = True,
    contract: ContractOption = "",
    every_contract: Annotated[
        bool, typer.Option("--every-contract", help="Decide about each contract; follow no training.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Decide once: train again after so many batches, on drift, or on a broken promise; say why, or why not."""
    if context.invoked_subcommand:
        return
    quiet_logs()
    with telling(), _retraining() as (runs, retraining):
        if every_contract:
            decisions = retraining.decide_each(user(), dry_run=dry_run)
        else:
            name = chosen_contract(contract).name
            decisions = [retraining.decide(user(), dry_run=dry_run, contract=name)]
        console = console_of(as_json=as_json)
        for each in decisions:
            about = f"{each.contract}:" if each.contract != BUILT_IN else ""
            console.print(*filter(None, (about, "Train again." if each.train else "Not now.", each.why)), markup=False)
        if decisions[0].started and wait and not every_contract:
            started = runs.find(decisions[0].started)
            attend(runs, started, lambda: started, as_json=as_json)
    if as_json:
        shown = [RetrainingDecision.of(each).model_dump() for each in decisions]
        print_json({"decisions": shown} if every_contract else shown[0])


retrain_app = typer.Typer(no_args_is_help=False, help="Decide whether to train again; list the decisions.")
retrain_app.callback(invoke_without_command=True)(retrain)


@retrain_app.command()
def schedule(
    cron: Annotated[str, typer.Argument(help="Five cron fields, as in '0 6 * * *'; nothing ends the schedule.")] = "",
    image: Annotated[str, typer.Option(help="The application's image, which decides on the cluster.")] = "",
) -> None:
    """Let Kubeflow decide at fixed times, as a recurring run; without times, end that."""
    quiet_logs()
    with _retraining() as (runs, _):
        runs.schedule(cron, image)
    told = f"Kubeflow decides at {cron}." if cron else "Kubeflow does not decide any more."
    console_of(as_json=False).print(told, markup=False)


@retrain_app.command()
def history(as_json: Json = False) -> None:
    """List the decisions, the newest first: by whom, what and why."""
    with _retraining() as (_, retraining):
        found = [RetrainingDecision.of(each) for each in retraining.history()]
    if as_json:
        print_json({"decisions": [each.model_dump() for each in found]})
        return
    table = listing("when", "by", "train", "why", "run")
    for each in found:
        table.add_row(minute(each.at), escape(each.by), "yes" if each.train else "no", escape(each.why), each.run_id)
    console_of(as_json=False).print(table if found else "No decision yet: `wafer retrain` makes one.")


@contextmanager
def _retraining() -> Iterator[tuple[Runs, Retraining]]:
    common, settings = Settings(), ServiceSettings()
    store = open_store(common.store_uri)
    lines = Lines(store, lambda name: LazyRegistry(common.tracking_uri, name))
    with open_ledger(common, settings) as ledger, open_journal(common, settings) as journal:
        runs = runs_over(ledger, common, settings, store)
        yield (
            runs,
            Retraining(
                runs,
                journal,
                store,
                lines.judge,
                common.documents_uri,
                every=settings.retrain_batches,
                promotion=settings.retrain_promotion,
            ),
        )
