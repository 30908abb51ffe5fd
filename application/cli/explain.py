"""The command `wafer explain`: why a wafer of a past prediction has its rank."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column

from application.api.shapes.predictions import Explanation, Reason
from application.cli.console import Json, console_of, listing, print_json
from application.cli.past import open_history
from wafer.shares import percent


def explain(
    run_id: Annotated[str, typer.Argument(help="Id of a prediction.", metavar="RUN")],
    wafer: Annotated[str, typer.Argument(help="Name of one of its wafers.", metavar="WAFER")],
    file: Annotated[str, typer.Option(help="The file that it came in, if several wafers have this name.")] = "",
    as_json: Json = False,
) -> None:
    """Say which sensors raised a wafer's score, for any wafer of a prediction."""
    with open_history() as (runs, history):
        found = history.explanations.of(runs.find(run_id), wafer, file)
    if as_json:
        print_json(found.model_dump())
    else:
        _tell(console_of(as_json=False), found)


def _tell(console: Console, found: Explanation) -> None:
    wafer = found.prediction
    console.print(
        f"{wafer.wafer} from {wafer.file}: {wafer.verdict}, rank {wafer.rank}, "
        f"probability {_number(wafer.probability)}, threshold {_number(wafer.threshold)}, "
        f"model version {found.model_version}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if not wafer.top_sensors:
        console.print("No sensor raised its score.")
        return
    table = listing(
        Column("sensor", no_wrap=True), "reading", "usual range", "above passing", "above failing", "contribution"
    )
    for reason in wafer.top_sensors:
        above = _share(reason.above_passing), _share(reason.above_failing)
        contribution = f"{reason.contribution or 0.0:+.2f}"
        table.add_row(reason.sensor, _number(reason.value), _range(reason), *above, contribution)
    console.print(table, markup=False)
    carried = [reason.contribution_share for reason in wafer.top_sensors if reason.contribution_share is not None]
    if carried:
        console.print(f"Together they carry {_share(sum(carried))} of what raises its score.", markup=False)


def _range(reason: Reason) -> str:
    return f"{_number(reason.usual_low)} to {_number(reason.usual_high)}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else percent(value, 0)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
