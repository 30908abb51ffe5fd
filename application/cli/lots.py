"""The command `wafer lots`: which lots stand out, and the wafers of one."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column

from application.api.shapes.lots import LotLine, LotsPage, LotWafers, Measure
from application.cli.console import Json, console_of, listing, print_json
from application.cli.options import ContractOption, chosen_contract
from application.cli.past import open_history
from application.runs.past import MOST_RUNS, Span
from wafer.shares import percent


def lots(
    lot: Annotated[str, typer.Argument(help="A lot, to list its wafers; nothing: all lots.", metavar="[LOT]")] = "",
    by: Annotated[
        str, typer.Option(help="A column of the line, or file, run, day, week, month. Default: the lot's column.")
    ] = "",
    measure: Annotated[Measure, typer.Option(help="What the limits are about.")] = "flagged",
    runs: Annotated[int, typer.Option(min=1, max=MOST_RUNS, help="So many of the newest predictions.")] = 50,
    since: Annotated[str, typer.Option(help="No prediction before this date, as 2026-11-27.")] = "",
    run: Annotated[str, typer.Option(help="Only this prediction.")] = "",
    contract: ContractOption = "",
    as_json: Json = False,
) -> None:
    """List lots in the order of time: flagged wafers, outcomes, and which lots differ by more than chance."""
    with open_history() as (_, history):
        span = Span(runs, since, run, None if run else chosen_contract(contract).name)
        found = history.lots.page(by, measure, span)
        wafers = history.lots.wafers(found.by, lot, span) if lot else None
    shown = wafers or found
    if as_json:
        print_json(shown.model_dump(by_alias=True))
    elif wafers:
        _tell_wafers(wafers)
    else:
        _tell_lots(found)


def _tell_lots(page: LotsPage) -> None:
    console = console_of(as_json=False)
    if not page.lots:
        console.print("No wafer was predicted yet: `wafer predict DIR`.")
        return
    number = {
        name: Column(name, justify="right")
        for name in ("wafers", "learned\nfrom", "flagged", "rate", "limits", "inspect", "yield")
    }
    table = listing(page.by, Column("since", no_wrap=True), *number.values(), "")
    for each in page.lots:
        table.add_row(*map(escape, _cells(each)))
    console.print(table)
    console.print(
        f"{page.measure}: {percent(page.centre or 0)} of all. Beyond chance: {page.excursions} of {len(page.lots)}. "
        f"{page.runs} predictions were read, each wafer counts once.",
        markup=False,
        highlight=False,
    )


def _cells(line: LotLine) -> tuple[str, ...]:
    chart = line.chart
    return (
        line.lot or "(none)",
        line.first[:10],
        str(line.wafers),
        str(line.learned or ""),
        *_judged(line),
        "" if line.yield_ is None else percent(line.yield_, 0),
        ", ".join(chart.signals),
    )


def _judged(line: LotLine) -> tuple[str, ...]:
    """What was said of the wafers that are forecasts; nothing where there are none."""
    chart = line.chart
    if line.wafers == line.learned:
        return ("",) * 4
    rate = "" if chart.rate is None else percent(chart.rate, 0)
    return str(line.flagged), rate, f"{100 * chart.low:.0f}-{percent(chart.high, 0)}", str(line.inspected)


def _tell_wafers(found: LotWafers) -> None:
    table = listing("wafer", "verdict", Column("probability", justify="right"), "outcome", "run")
    for each in found.wafers:
        probability = "" if each.probability is None else f"{each.probability:.3f}"
        outcome = each.outcome or ("learned from" if each.in_training else "")
        table.add_row(*map(escape, (each.wafer, each.verdict, probability, outcome, each.run_id)))
    console_of(as_json=False).print(table)
