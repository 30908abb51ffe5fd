"""The command `wafer disposition`: what was decided about a wafer of a prediction."""

from typing import Annotated

import typer
from rich.text import Text

from application.api.shapes.dispositions import Told, WaferHistory
from application.cli.console import Json, console_of, listing, print_json, user
from application.cli.past import open_history
from wafer.outcomes.dispositions import Word


def disposition(
    run_id: Annotated[str, typer.Argument(help="Id of a prediction.", metavar="RUN")],
    wafer: Annotated[str, typer.Argument(help="Name of one of its wafers.", metavar="WAFER")],
    word: Annotated[
        Word | None, typer.Argument(help="What was decided; nothing: list what was told so far.", metavar="[WORD]")
    ] = None,
    comment: Annotated[str, typer.Option(help="Kept with your name and the time.")] = "",
    file: Annotated[str, typer.Option(help="The file that it came in, if several wafers have this name.")] = "",
    as_json: Json = False,
) -> None:
    """Say what was decided about a wafer: confirmed-fault, false-alarm, scrapped, reworked, comment or withdrawn.

    The last word is the wafer's outcome in the scorecard and for `wafer train --from-outcomes`.
    """
    with open_history() as (runs, history):
        run, kept = runs.find(run_id), history.dispositions
        found = kept.dispose(run, wafer, file, word, comment, user()) if word else kept.history(run, wafer, file)
    if as_json:
        print_json(found.model_dump())
    else:
        _tell(found)


def _tell(found: WaferHistory) -> None:
    console = console_of(as_json=False)
    console.print(f"{found.wafer} from {found.file}: {found.outcome or 'no outcome'}", markup=False, highlight=False)
    if not found.told:
        console.print("Nothing is recorded of it yet.")
        return
    table = listing("at", "by", "word", "outcome", "comment")
    for each in found.told:
        table.add_row(*(Text(text) for text in _cells(each)))
    console.print(table)


def _cells(told: Told) -> tuple[str, ...]:
    outcome = f"{told.outcome or 'none'}{', counts' if told.counts else ''}"
    return told.at[:19], told.who or told.file, told.word or "outcome", outcome, told.comment
