"""The command `wafer runs`: the history, one run, a failed one again."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column

from application.cli.attending import attend, run_service, tell
from application.cli.comparing import show_comparison
from application.cli.console import Json, console_of, listing, minute, print_json
from application.cli.result import Result
from application.cli.webhooks import telling
from application.runs.run import Run
from wafer.settings import Settings
from wafer.store import open_store


def runs(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[ID | retry ID | compare A B]", help="Nothing: all runs.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the runs, newest first; show one; run a failed one again from its failed stage; compare two predictions."""
    match words or []:
        case []:
            _list(as_json=as_json)
        case ["retry", run_id]:
            with run_service() as service, telling():
                attend(service, service.find(run_id), lambda: service.retry(run_id), as_json=as_json)
        case ["compare", a, b]:
            show_comparison(a, b, as_json=as_json)
        case [run_id]:
            _show(run_id, as_json=as_json)
        case _:
            raise typer.BadParameter("say nothing, one run id, `retry` and a run id, or `compare` and two of them")


def _list(*, as_json: bool) -> None:
    with run_service() as service:
        service.look_around()
        found = list(service.history())
    if as_json:
        print_json({"runs": [_line(run) for run in found]})
        return
    table = listing(
        *(Column(name, no_wrap=True) for name in ("run", "state")),
        Column("started", min_width=10),
        "source",
        "contract",
    )
    for run in found:
        name = run.run_id if run.run_id.startswith(run.pipeline) else f"{run.run_id} ({run.pipeline})"
        cells = (name, run.state, minute(run.created), run.source, run.contract)
        table.add_row(*map(escape, cells))
    console_of(as_json=False).print(table if found else "No run yet: `wafer train DIR` starts the first.")


def _line(run: Run) -> dict[str, str]:
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "state": run.state,
        "created": run.created,
        "source": run.source,
        "contract": run.contract,
        "contract_digest": run.contract_digest,
    }


def _show(run_id: str, *, as_json: bool) -> None:
    with run_service() as service:
        run = service.look(service.find(run_id))
    console = console_of(as_json=as_json)
    for attempt, reason in enumerate(run.retries, start=2):
        console.print(f"Attempt {attempt}: {reason}", markup=False)
    for task in run.tasks:
        console.print(f"  {task.name:<16} {task.state:<10} {task.seconds:6.1f} s", markup=False)
        if task.state == "starting" and task.error:
            console.print(f"    {task.error.message}", markup=False)
    tell(console, Result.of(open_store(Settings().store_uri), run), as_json=as_json)
