"""`wafer runs compare A B`: two predictions side by side."""

from dataclasses import asdict

from rich.markup import escape
from rich.table import Column, Table

from application.cli.console import console_of, listing, print_json
from application.cli.past import open_history
from application.lists.comparison import Answer, Comparison, compare
from application.lists.sides import sides
from application.runs.run import Run
from wafer.settings import Settings
from wafer.store import open_store

SHOWN = 50  # wafers


def show_comparison(a: str, b: str, *, as_json: bool) -> None:
    """Say whose verdict differs; `a` and `b` are runs, or versions of the model as `v3`."""
    store = open_store(Settings().store_uri)
    with open_history() as (runs, history):
        one, other = sides(runs, store, a, b)
        found = compare(history.predictions.table(one), history.predictions.table(other))
    if as_json:
        print_json(_record(found, one, other))
        return
    console = console_of(as_json=False)
    told = f"{len(found.pairs)} wafers in both runs, {found.differing} with another verdict"
    alone = f"{found.only_a} only in {one.run_id}, {found.only_b} only in {other.run_id}"
    console.print(f"{told}; {alone}.", markup=False)
    if found.learned:
        console.print(f"{found.learned} wafers that a version had learned from are left out.", markup=False)
    if found.differing:
        console.print(_listed(found))


def _listed(found: Comparison) -> Table:
    table = listing(Column("wafer", no_wrap=True), "A", "B", Column("rank", justify="right"), caption=_rest(found))
    for each in found.pairs[: min(found.differing, SHOWN)]:
        ranks = f"{each.a.rank} to {each.b.rank}"
        table.add_row(escape(each.wafer), _told(each.a), _told(each.b), ranks)
    return table


def _told(answer: Answer) -> str:
    return answer.verdict if answer.probability is None else f"{answer.verdict} {answer.probability:.3f}"


def _rest(found: Comparison) -> str | None:
    rest = found.differing - SHOWN
    return f"{rest} more; `--json` prints all." if rest > 0 else None


def _record(found: Comparison, one: Run, other: Run) -> dict[str, object]:
    return {
        "a": one.run_id,
        "b": other.run_id,
        "both": len(found.pairs),
        "only_a": found.only_a,
        "only_b": found.only_b,
        "learned": found.learned,
        "differing": found.differing,
        "wafers": [{**asdict(each), "shift": each.shift} for each in found.pairs if each.differs],
    }
