"""The commands around the model: `wafer models`, promote, decline, rollback."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from application.api.lines import ContractLine
from application.cli.console import Json, console_of, listing, minute, print_json, user
from application.cli.options import ContractOption, chosen_contract
from application.cli.webhooks import telling
from application.registry import open_answering
from wafer.evaluation.standing import Period, Share, SideBySide, Standing
from wafer.registry import ByHand, Promotion, Registry
from wafer.settings import Settings
from wafer.shares import percent
from wafer.store import open_store

Expected = Annotated[
    int | None,
    typer.Option(min=0, help="The version that is in production as you know it, 0 for none; refused if it is another."),
]
Why = Annotated[str, typer.Option(help="Your reason; the history keeps it with your name and the time.")]
_COLUMNS = ("wafers", "failing", "recall", "false alarms", "budget", "promise", "AUC", "ranking (promised AUC)")
models_app = typer.Typer(no_args_is_help=False, help="List the model's versions; promote one; roll back.")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, contract: ContractOption = "", as_json: Json = False) -> None:
    """List the model's versions: which is in production, how good each is, and why it was promoted or not."""
    if context.invoked_subcommand:
        return
    found = _registry(contract).versions()
    if as_json:
        rows = [
            {"version": each.version, "aliases": each.aliases, "created": each.created, "run_id": each.run_id}
            | {"digest": each.digest, "decision": each.decision.model_dump() if each.decision else {}}
            for each in found
        ]
        print_json({"models": rows})
        return
    table = listing("version", Column("alias", no_wrap=True), "created", "AUC\nforward", "AUC", "decision", "run")
    for each in found:
        auc = each.decision.metrics.auc if each.decision else None
        forward = each.decision.forward_auc if each.decision else None
        table.add_row(
            str(each.version),
            ", ".join(each.aliases),
            minute(each.created),
            *("" if figure is None else f"{figure:.3f}" for figure in (forward, auc)),
            each.decision.reason if each.decision else "",
            each.run_id,
        )
    console_of(as_json=False).print(table if found else "No model yet: `wafer train DIR` trains the first.")


@models_app.command()
def promote(version: int, expected: Expected = None, why: Why = "", contract: ContractOption = "") -> None:
    """Put a version into production by hand."""
    with telling():
        promoted = _registry(contract).promote(version, ByHand(user(), why, expected))
    console_of(as_json=False).print(f"Version [bold]{promoted.version}[/] is in production.")


@models_app.command()
def decline(version: int, why: Why = "", contract: ContractOption = "") -> None:
    """Say no to the version that waits for a person; predictions score it in shadow no longer."""
    declined = _registry(contract).decline(version, ByHand(user(), why))
    console_of(as_json=False).print(f"Version [bold]{declined.version}[/] is declined.")


@models_app.command()
def rollback(expected: Expected = None, why: Why = "", contract: ContractOption = "") -> None:
    """Put the version back that was in production before."""
    with telling():
        back = _registry(contract).rollback(ByHand(user(), why, expected))
    console_of(as_json=False).print(f"Version [bold]{back.version}[/] is in production again.")


@models_app.command()
def scorecard(
    version: Annotated[int | None, typer.Argument(help="Version; default: the one in production.")] = None,
    by: Annotated[Period, typer.Option(help="Periods to sum up by.")] = "month",
    contract: ContractOption = "",
    as_json: Json = False,
) -> None:
    """Tell what a version's predictions turned out to be worth, by the outcomes sent with `wafer outcomes`."""
    store = open_store(Settings().store_uri)
    line = ContractLine(chosen_contract(contract).name, _registry(contract), store)
    found = line.scorecards.of(version or line.models.production(), by)
    if as_json:
        print_json(found.model_dump())
        return
    console = console_of(as_json=False)
    if people := found.reviewed.sentence:
        console.print(people)
    if not found.total.wafers:
        console.print(
            f"Version {found.version}: no outcomes on unseen wafers yet. Send some: `wafer outcomes DIR`. "
            f"{found.in_training} wafers of its training set are left out."
        )
        return
    table = listing(by, *_COLUMNS)
    for each in (*found.periods, found.total):
        table.add_row(each.period, *_figures(each))
    console.print(table)
    console.print(
        f"Version {found.version}: {found.total.expected_failures:.1f} failing wafers expected, "
        f"{found.total.failures} came. {found.in_training} wafers of its training set are left out."
    )
    if found.comparison:
        console.print(_side_by_side(found.comparison))


def _side_by_side(found: SideBySide) -> Table:
    table = listing("version", *_COLUMNS, title="On the same wafers, one version in the shadow of the other")
    table.add_row(str(found.version), *_figures(found.standing))
    table.add_row(str(found.other), *_figures(found.other_standing))
    return table


def _figures(standing: Standing) -> tuple[str, ...]:
    """A line of the scorecard but its first cell."""
    budget = "" if standing.budget is None else percent(standing.budget, 0)
    shares = (_interval(standing.recall), _interval(standing.false_alarm_rate), budget)
    ranking = f"{standing.ranking} ({standing.promised_auc:.2f})" if standing.ranking else ""
    return (str(standing.wafers), str(standing.failures), *shares, standing.statement, _auc(standing.auc), ranking)


def _interval(share: Share | None) -> str:
    return "" if share is None else f"{percent(share.value, 0)} ({percent(share.low, 0)} to {percent(share.high, 0)})"


def _auc(share: Share | None) -> str:
    return "" if share is None else f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


@models_app.command()
def history(contract: ContractOption = "", as_json: Json = False) -> None:
    """List what came into production: which version, when, by whom and why. The newest is first."""
    found = list(reversed(_registry(contract).promotions()))
    if as_json:
        print_json({"changes": [_line(each) for each in found]})
        return
    table = listing("when", "version", "what", "by", "why")
    for each in found:
        table.add_row(*(escape(str(value)) for value in _line(each).values()))
    console_of(as_json=False).print(table if found else "No version was ever in production.")


def _registry(contract: str) -> Registry:
    return open_answering(Settings().tracking_uri, chosen_contract(contract).name)


def _line(entry: Promotion) -> dict[str, str | int]:
    return {
        "at": entry.at,
        "version": entry.version,
        "change": "rollback" if entry.undoes else "promotion",
        "by": entry.who or entry.by,
        "why": entry.why,
    }
