"""The commands around the model: `wafer models`, promote, rollback."""

import typer
from rich.table import Table

from application.cli.console import Json, console_of, print_json
from wafer.registry import open_registry
from wafer.settings import Settings

models_app = typer.Typer(no_args_is_help=False, help="List the model's versions; promote one; roll back.")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the model's versions: which is in production, how good each is, and why it was promoted or not."""
    if context.invoked_subcommand:
        return
    found = open_registry(Settings().tracking_uri).versions()
    if as_json:
        rows = [
            {"version": each.version, "aliases": each.aliases, "created": each.created, "run_id": each.run_id}
            | {"digest": each.digest, "decision": each.decision.model_dump() if each.decision else {}}
            for each in found
        ]
        print_json({"models": rows})
        return
    table = Table("version", "alias", "created", "AUC", "decision", "run")
    for each in found:
        auc = each.decision.metrics.auc if each.decision else float("nan")
        table.add_row(
            str(each.version),
            ", ".join(each.aliases),
            each.created,
            f"{auc:.3f}",
            each.decision.reason if each.decision else "",
            each.run_id,
        )
    console_of(as_json=False).print(table if found else "No model yet: `wafer train DIR` trains the first.")


@models_app.command()
def promote(version: int) -> None:
    """Put a version into production by hand."""
    promoted = open_registry(Settings().tracking_uri).promote(version)
    console_of(as_json=False).print(f"Version [bold]{promoted.version}[/] is in production.")


@models_app.command()
def rollback() -> None:
    """Put the version back that was in production before."""
    back = open_registry(Settings().tracking_uri).rollback()
    console_of(as_json=False).print(f"Version [bold]{back.version}[/] is in production again.")
