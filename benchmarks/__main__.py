"""`python -m benchmarks`: all benchmarks, or one of them by name."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.dag import measure_dags
from benchmarks.load import measure_load
from benchmarks.parsing import measure_parsing
from benchmarks.report import DOCUMENT, SCALE, Section, write_section
from benchmarks.scale import measure_one, measure_scale
from benchmarks.score import measure_score
from benchmarks.source import default_data
from benchmarks.workers import measure_engines, measure_workers
from wafer.settings import Settings

_WIDTH = 200  # characters, where no terminal says how many it has

app = typer.Typer(no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Quick = Annotated[bool, typer.Option("--quick", help="Shortest form, to try it; written down only with --document.")]
Data = Annotated[Path | None, typer.Option(help="Folder with training/ and prediction/; else WAFER_DATA or synthetic.")]
Document = Annotated[Path | None, typer.Option(help=f"Markdown file to write the section to; {DOCUMENT} by default.")]
Cache = Annotated[Path | None, typer.Option(help="Folder for the answers of finished folds.")]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context, *, quick: Quick = False, data: Data = None, document: Document = None) -> None:
    """Run every benchmark, or the one named."""
    if context.invoked_subcommand is None:
        speed_dag(quick=quick, data=data, document=document)
        speed_parse(quick=quick, document=document)
        quality(quick=quick, data=data, document=document)
        gate(quick=quick, document=document)
        promise(quick=quick, document=document)
        novelty(quick=quick, data=data, document=document)
        load(quick=quick, document=document)
        load_documents(quick=quick, document=document)


@app.command("speed-dag")
def speed_dag(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Measured runs of both DAGs, after one warm-up run.")] = 3,
    quick: Quick = False,
    data: Data = None,
    document: Document = None,
) -> None:
    """Wall time and peak memory of both DAGs, compared with the training stage of the older system."""
    _report(lambda say: measure_dags(data or default_data(), rounds=rounds, quick=quick, say=say), document, quick)


@app.command()
def walls(
    *,
    before: Annotated[Path, typer.Option(exists=True, help="Checkout of another commit, after `make setup` there.")],
    rounds: Annotated[int, typer.Option(min=1, help="Measured runs of both DAGs, after one of each.")] = 3,
    data: Data = None,
    document: Document = None,
) -> None:
    """Training and prediction of this commit and of another, in turn."""
    from benchmarks.walls import measure_walls

    _report(lambda say: measure_walls(before, data or default_data(), rounds=rounds, say=say), document, quick=False)


@app.command("speed-parse")
def speed_parse(
    *,
    megabytes: Annotated[int, typer.Option(min=1, help="Size of the synthetic drop.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, help="Measured runs of each side, in turn.")] = 3,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """Validation and transformation compared with `pyarrow.csv.read_csv`, and their memory over the number of files."""
    size, times = (2, 1) if quick else (megabytes, rounds)
    _report(lambda say: measure_parsing(megabytes=size, rounds=times, say=say), document, quick)


@app.command()
def quality(
    *,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the random cross-validation.")] = 5,
    folds: Annotated[int, typer.Option(min=2, help="Folds of each repeat.")] = 5,
    older_repeats: Annotated[int, typer.Option(min=0, help="Repeats that the older recipe takes part in.")] = 1,
    older_in: Annotated[list[str] | None, typer.Option(help="Kinds of folds that it takes part in; else all.")] = None,
    quick: Quick = False,
    data: Data = None,
    document: Document = None,
    cache: Cache = None,
) -> None:
    """Quality forward in time, on whole files and at random, of the product and its peers in the same folds."""
    from benchmarks.folds import PROTOCOLS, Plan
    from benchmarks.quality import measure_quality

    if unknown := sorted(set(older_in or ()) - set(PROTOCOLS)):
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(PROTOCOLS)}", param_hint="--older-in")
    asked = tuple(each for each in PROTOCOLS if not older_in or each in older_in)
    plan = Plan(repeats, folds, older_repeats, older_in=asked) if not quick else Plan(1, 2, 1, resamples=50, quick=True)
    place = cache or Settings().home / "benchmarks"
    _report(lambda say: measure_quality(data or default_data(), plan, cache=place, say=say), document, quick)


@app.command()
def novelty(
    *,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the random folds.")] = 2,
    folds: Annotated[int, typer.Option(min=2, help="Folds of each repeat.")] = 5,
    quick: Quick = False,
    data: Data = None,
    document: Document = None,
) -> None:
    """Broken measurements that are not judged, and sound ones, by the rules of now and of before."""
    from benchmarks.novelty import NoveltyPlan, measure_novelty

    plan = NoveltyPlan(1, 2, 1) if quick else NoveltyPlan(repeats, folds)
    command = "python -m benchmarks novelty " + ("--quick" if quick else f"--repeats {repeats} --folds {folds}")
    _report(lambda say: measure_novelty(data or default_data(), plan, command=command, say=say), document, quick)


@app.command()
def load(
    *,
    per_second: Annotated[int, typer.Option(min=1, help="Requests a second.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="How long, each time.")] = 20.0,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """The service under reads, alone and while a training runs on the same cores."""
    span = 2.0 if quick else seconds
    _report(lambda say: measure_load(per_second=per_second, seconds=span, quick=quick, say=say), document, quick)


@app.command()
def score(
    *,
    requests: Annotated[int, typer.Option(min=1, help="Requests of each kind.")] = 1000,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """Answers at once (`POST /score`): one wafer, with reasons, many at a time."""
    _report(lambda say: measure_score(requests=20 if quick else requests, quick=quick, say=say), document, quick)


@app.command("load-documents")
def load_documents(
    *,
    wafers: Annotated[int, typer.Option(min=1, help="Wafers of 590 sensors.")] = 1537,
    rounds: Annotated[int, typer.Option(min=1, help="Measured loads of each way, in turn.")] = 3,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """The load stage on a server of MongoDB's protocol, compared with the way that reads every document back."""
    from benchmarks.documents import measure_documents

    count, times = (30, 1) if quick else (wafers, rounds)
    _report(lambda say: measure_documents(wafers=count, rounds=times, say=say), document, quick)


@app.command()
def scale(
    *,
    wafers: Annotated[str, typer.Option(help="Sizes to measure, with commas between.")] = "20000,80000,320000",
    only_one: Annotated[int, typer.Option(min=0, help="One training and prediction, in a section of its own.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Wafers of a batch file.")] = 1000,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder that --only-one works in and leaves; the same command goes on where it was stopped."),
    ] = None,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """Peak memory, processor time and its growth of every stage, into docs/scale.md, as soon as they are known."""
    if keep and not only_one:
        raise typer.BadParameter("It goes with --only-one.", param_hint="--keep")
    sizes = [400, 800] if quick else [int(size) for size in wafers.split(",")]
    place = document or (None if quick else SCALE)
    if only_one:
        _report_each(lambda say: measure_one(only_one, batch_size=batch_size, say=say, keep=keep), place)
    else:
        _report_each(lambda say: measure_scale(sizes, batch_size=batch_size, say=say), place)


@app.command()
def workers(
    *,
    wafers: Annotated[int, typer.Option(min=400, help="Wafers of the larger of two lines.")] = 12_000,
    batch_size: Annotated[int, typer.Option(min=1, help="Wafers of a batch file.")] = 1000,
    only_engines: Annotated[
        bool, typer.Option("--only-engines", help="Processor time alone; one line is made.")
    ] = False,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """Processor time on every engine, and how long 1 and 12 million wafers take with workers, into docs/scale.md."""
    size, batch = (800, 100) if quick else (wafers, batch_size)
    place = document or (None if quick else SCALE)
    measure = measure_engines if only_engines else measure_workers
    _report_each(lambda say: measure(size, batch_size=batch, say=say), place)


@app.command()
def gate(
    *,
    replicates: Annotated[int, typer.Option(min=1, help="Cases of each scenario.")] = 16,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """How often a worse model replaces a better one, and a better one is blocked; compared with the rule of before."""
    from benchmarks.gate import measure_gate

    _report(lambda say: measure_gate(replicates=1 if quick else replicates, say=say), document, quick)


@app.command()
def promise(
    *,
    periods: Annotated[int, typer.Option(min=1, help="Periods of each kind.")] = 400,
    quick: Quick = False,
    document: Document = None,
) -> None:
    """How often the scorecard calls a promise broken, where it is and where it is not."""
    from benchmarks.promise import measure_promise

    _report(lambda say: measure_promise(periods=10 if quick else periods, say=say), document, quick)


def _report_each(measure: Callable[[Callable[[str], None]], Iterator[Section]], document: Path | None) -> None:
    """Write down each section at once, so that a benchmark that is cut keeps what it has measured."""
    progress, shown = Console(stderr=True), dict[str, Section]()
    for section in measure(lambda sentence: progress.print(sentence, style="dim", markup=False, highlight=False)):
        shown[section.name] = section
        if document:
            write_section(document, section)
    for section in shown.values():
        Console(width=None if sys.stdout.isatty() else _WIDTH).print(section.table())


def _report(measure: Callable[[Callable[[str], None]], Section], document: Path | None, quick: bool) -> None:
    progress = Console(stderr=True)
    section = measure(lambda sentence: progress.print(sentence, style="dim", markup=False, highlight=False))
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(section.table())
    if path := document or (None if quick else DOCUMENT):
        write_section(path, section)
        progress.print(f"Written to {path}.", markup=False)


if __name__ == "__main__":
    app()
