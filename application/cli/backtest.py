"""The command `wafer backtest`: what a training on these batches would have promised, batch by batch."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column

from application.cli.console import Json, console_of, listing, print_json, quiet_logs
from application.cli.options import Budget, ContractOption, Policy, Schema, Workers, contract_parameters, shared_by
from application.runs.run import Parameters, read_by
from wafer.engine import open_engine
from wafer.evaluation.by_file import Figure, FileTest, Verdicts
from wafer.evaluation.standing import Share
from wafer.files import complete_file
from wafer.progress import Progress, listening
from wafer.settings import Settings
from wafer.shares import percent

if TYPE_CHECKING:
    from pipelines.backtest import BacktestedBatches

_RULES = ("found", "false alarms", "found,\nfixed", "false alarms,\nfixed")
_COLUMNS = ("file", "learned from", "wafers", "failed", "AUC", "PR AUC", *_RULES)
_UNKNOWN = "-"


def backtest(
    source: Annotated[str, typer.Argument(help="Folder of labelled CSV batches, or s3://bucket/prefix.")],
    out: Annotated[Path | None, typer.Option(help="File to write the figures to, as JSON.")] = None,
    contract: ContractOption = "",
    schema: Schema = "",
    policy: Policy = "",
    false_alarm_budget: Budget = 0.10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 7,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Test forward in time on labelled batches, file by file, as every training does; starts no run, keeps no model."""
    console = console_of(as_json=as_json)
    quiet_logs()
    with shared_by(workers), _progress(console):
        named = contract_parameters("train", contract, schema, policy)
        found = _backtested(source, named, false_alarm_budget, seed)
    figures = found.model_dump(mode="json")
    if out:
        with complete_file(out) as part:
            part.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(figures)
    else:
        _tell(console, found)


def _backtested(source: str, named: Parameters, budget: float, seed: int) -> "BacktestedBatches":
    try:
        from pipelines.backtest import backtest_batches  # the stages: seconds, and more than other commands need
    except ModuleNotFoundError as error:
        raise typer.BadParameter(
            f"This installation holds no stages ({error.name} is missing), as the image of the application. Run it "
            "where the project is installed.",
            param_hint="backtest",
        ) from error
    with open_engine(Settings(), task="backtest") as engine:
        contract = read_by(named, "training")
        return backtest_batches(source, contract, engine, seed=seed, false_alarm_budget=budget)


@contextmanager
def _progress(console: Console) -> Iterator[None]:
    """One line that says how far it has come, in a terminal."""
    if not console.is_terminal:
        yield
        return
    with console.status("Reading batches") as status:

        def show(progress: Progress) -> None:
            status.update(str(progress))

        with listening(show):
            yield


def _tell(console: Console, found: "BacktestedBatches") -> None:
    walked = found.backtest
    if found.refused:
        codes = Counter(code for file in found.refused for code in file.codes)
        told = ", ".join(f"{count} {code}" for code, count in codes.items())
        console.print(f"Refused: {len(found.refused)} files ({told}); --json and --out say why.", markup=False)
    first = ", ".join(walked.first_past)
    console.print(f"Only learned from: {walked.pooled.learned_from:,} wafers of {first}", markup=False, highlight=False)
    table = listing(*(Column(name, no_wrap=True) for name in _COLUMNS))
    for each in walked.files:
        table.add_row(*_row(each))
    table.add_section()
    table.add_row(*_row(walked.pooled))
    console.print(table)
    console.print(
        f"Found and false alarms: by rank among recent scores, budget {percent(walked.budget)}; fixed: at the "
        "threshold that was known then.\n"
        "In brackets: the 90 % interval; an AUC has none where too few wafers fail or pass.",
        highlight=False,
    )


def _row(each: FileTest) -> tuple[str, ...]:
    counts = (f"{each.learned_from:,}", f"{each.wafers:,}", f"{each.failures:,}")
    figures = (_figure(each.auc), _figure(each.pr_auc))
    return (each.name or "all", *counts, *figures, *_verdicts(each, each.recent), *_verdicts(each, each.fixed))


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return _UNKNOWN
    interval = "" if figure.low is None else f" ({figure.low:.2f}-{figure.high:.2f})"
    return f"{figure.value:.3f}{interval}"


def _verdicts(each: FileTest, counted: Verdicts) -> tuple[str, str]:
    passes = each.wafers - each.failures
    return (
        _share(counted.found, each.failures, counted.recall),
        _share(counted.false_alarms, passes, counted.false_alarm_rate),
    )


def _share(count: int, of: int, share: Share | None) -> str:
    if share is None:
        return f"{count}/{of}"
    return f"{count}/{of} {percent(share.value, 0)} ({100 * share.low:.0f}-{percent(share.high, 0)})"
