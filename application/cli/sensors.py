"""The command `wafer sensors`: which sensors are behind a run's flags, how far each moved, how one reads."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column

from application.api.shapes.sensors import RunSensors, SensorsBehindFlags, SensorSeries
from application.cli.console import Json, console_of, listing, print_json
from application.cli.past import open_history
from application.runs.past import Span
from wafer.shares import percent

SHOWN = 20  # sensors of a list


def sensors(
    run_id: Annotated[str, typer.Argument(help="Id of a prediction.", metavar="RUN")],
    name: Annotated[str, typer.Argument(help="One sensor, as the line spells it.", metavar="[NAME]")] = "",
    by: Annotated[str, typer.Option(help="With --lot: a column of the line, or file, day, week, month.")] = "",
    lot: Annotated[str, typer.Option(help="Count the reasons of only these wafers.")] = "",
    as_json: Json = False,
) -> None:
    """List the sensors behind a prediction's flags and those that moved, or tell how one reads batch by batch."""
    with open_history() as (runs, history):
        run, book = runs.find(run_id), history.sensors
        if name:
            series = book.series(run, name, 1000)
            return print_json(series.model_dump()) if as_json else _tell_series(series)
        flags, moved = book.behind_flags(Span(run_id=run_id), by, lot), book.of_run(run)
    if as_json:
        return print_json({"behind_flags": flags.model_dump(), "screening": moved.model_dump()})
    _tell_flags(flags)
    return _tell_moved(moved)


def _tell_flags(found: SensorsBehindFlags) -> None:
    table = listing(
        Column("sensor", no_wrap=True), Column("flagged wafers", justify="right"), Column("together", justify="right")
    )
    for each in found.sensors[:SHOWN]:
        table.add_row(escape(each.sensor), str(each.wafers), percent(each.cumulative, 0))
    console = console_of(as_json=False)
    console.print(f"Reasons of {found.explained} of {found.flagged} flagged wafers:", highlight=False)
    console.print(table)


def _tell_moved(found: RunSensors) -> None:
    names = ("index", "median at", "silent", "then", "flags")
    table = listing(Column("sensor", no_wrap=True), *(Column(name, justify="right") for name in names), "")
    for each in found.sensors[:SHOWN]:
        shares = (_share(each.level), _share(each.silent_now), _share(each.silent_in_training))
        what = "newly silent" if each.newly_silent else "moved" if each.moved else each.outside
        index = "" if each.stability is None else f"{each.stability:.2f}"
        table.add_row(escape(each.sensor), index, *shares, str(each.flagged), what)
    console = console_of(as_json=False)
    console.print(f"The most moved of {len(found.sensors)} sensors in use; the median stands among the passing wafers.")
    console.print(table)
    for warning in found.warnings:
        console.print(warning, markup=False, highlight=False)


def _tell_series(found: SensorSeries) -> None:
    table = listing(
        Column("file", overflow="fold"), *(Column(each, justify="right") for each in ("wafers", "silent", "median")), ""
    )
    for each in found.batches:
        median = "" if each.median is None else f"{each.median:.6g}"
        file = each.file if each.files == 1 else f"{each.file} and {each.files - 1} more"
        table.add_row(escape(file), str(each.wafers), str(each.silent), median, "shifted" if each.shifted else "")
    console = console_of(as_json=False)
    console.print(f"{found.sensor} on {found.wafers} wafers, {found.silent} of them silent.", markup=False)
    if found.training:
        low, high = (found.training.passing[found.levels.index(level)] for level in (0.05, 0.95))
        console.print(f"90 % of passing training wafers read {low:.6g} to {high:.6g}." if low is not None else "")
    console.print(table)


def _share(value: float | None) -> str:
    return "" if value is None else percent(value, 0)
