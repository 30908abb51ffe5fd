"""The `wafer` command: train, predict, look at runs and models, make synthetic batches, compile the pipelines."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from application.backends.local import processes as embedded
from application.backends.local.reach import beyond_reach
from application.cli.progress import Progress
from application.cli.service import keys_app, serve
from application.runs.request import Runner
from application.runs.results import published_prefix, result
from wafer.errors import WaferError, error_class
from wafer.process import restrain_mlflow
from wafer.runs import Outcome, judge
from wafer.settings import Settings
from wafer.store import fetch_published, open_store

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
models_app = typer.Typer(no_args_is_help=False, help="List the model's versions; promote one; roll back.")
pipelines_app = typer.Typer(no_args_is_help=True, help="The compiled pipeline packages.")
app.add_typer(models_app, name="models")
app.add_typer(pipelines_app, name="pipelines")
app.add_typer(keys_app, name="keys")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, last on standard output.")]
Source = Annotated[str, typer.Argument(help="Folder of CSV batches, or s3://bucket/prefix.")]
Schema = Annotated[str, typer.Option(help="Schema file (JSON) to use instead of the built-in contract.")]
Policy = Annotated[str, typer.Option(help="Policy file (YAML) to use instead of the built-in one.")]
Budget = Annotated[
    float, typer.Option(min=0.001, max=0.9, help="False-alarm budget: share of good wafers that may be flagged.")
]
RunnerOption = Annotated[
    Runner, typer.Option("--runner", help="Run the stages as processes, or each in a container of its own image.")
]


@app.command()
def train(
    source: Source,
    schema: Schema = "",
    policy: Policy = "",
    false_alarm_budget: Budget = 0.10,
    max_clusters: Annotated[int, typer.Option(min=1, max=20, help="Most clusters to consider.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 7,
    runner: RunnerOption = "processes",
    as_json: Json = False,
) -> None:
    """Train on a folder of labelled batches and decide whether the model goes into production."""
    parameters = {"false_alarm_budget": false_alarm_budget, "max_clusters": max_clusters, "seed": seed}
    request = embedded.new_request("train", source, {**parameters, **_contract(schema, policy)}, runner)
    _run(request, as_json=as_json)


@app.command()
def predict(
    source: Source,
    output: Annotated[Path | None, typer.Option(help="Folder to copy the published predictions to.")] = None,
    schema: Schema = "",
    policy: Policy = "",
    false_alarm_budget: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Another false-alarm budget than the model's own; 0 keeps its own.")
    ] = 0.0,
    runner: RunnerOption = "processes",
    as_json: Json = False,
) -> None:
    """Predict a folder of batches with the production model, most suspicious wafer first."""
    parameters = {"false_alarm_budget": false_alarm_budget, **_contract(schema, policy)}
    request = embedded.new_request("predict", source, parameters, runner)
    _run(request, as_json=as_json, output=output)


def _contract(schema: str, policy: str) -> dict[str, str]:
    given = {"schema": schema, "policy": policy}
    return {name: uri if "://" in uri else str(Path(uri).absolute()) for name, uri in given.items() if uri}


def _run(request: embedded.Request, *, as_json: bool, output: Path | None = None) -> None:
    settings = Settings()
    if request.runner == "containers" and (refused := beyond_reach(settings, request)):
        raise typer.BadParameter(" ".join(refused), param_hint="--runner")
    _console(as_json).print(f"Run [bold]{request.run_id}[/] over {escape(request.source)}")
    _follow(embedded.start(settings, request), as_json=as_json, output=output)


def _follow(worker: embedded.Worker, *, as_json: bool, output: Path | None = None) -> None:
    console = _console(as_json)
    with Progress(console).shown() as progress:
        outcome = worker.follow(progress)
    store = open_store(worker.settings.store_uri)
    found = result(store, outcome)
    if output and outcome.published:
        fetch_published(store, published_prefix(outcome), output)
        found["outputs"] = {name: str(output / Path(uri).name) for name, uri in found["outputs"].items()}
    _tell(console, found)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    raise typer.Exit(_exit_code(outcome))


def _exit_code(outcome: Outcome) -> int:
    if outcome.state == "succeeded":
        return 0
    return error_class(outcome.error.code if outcome.error else WaferError.code).exit_code


def _tell(console: Console, found: Mapping[str, Any]) -> None:
    if "error" in found:
        error = found["error"]
        where = f" in stage {error['stage']}" if error["stage"] else ""
        console.print(f"\n[bold red]Failed{where}: {error['code']}[/]\n{escape(error['message'])}")
    elif found["pipeline"] == "train":
        word = "is in production" if found["promoted"] else "was not promoted"
        console.print(f"\nVersion [bold]{found['model_version']}[/] {word}.")
        console.print(", ".join(f"{name} {value:.3f}" for name, value in found["metrics"].items()))
    for name, uri in found["outputs"].items():
        console.print(f"  {name:<12} {uri}", markup=False, soft_wrap=True, highlight=False)


def _console(as_json: bool) -> Console:
    return Console(stderr=as_json)


@app.command()
def runs(
    words: Annotated[list[str] | None, typer.Argument(metavar="[ID | retry ID]", help="Nothing: all runs.")] = None,
    as_json: Json = False,
) -> None:
    """List the runs, newest first; show one by its id; or run a failed one again from its failed stage."""
    match words or []:
        case []:
            _list_runs(as_json=as_json)
        case ["retry", run_id]:
            _follow(embedded.retry(Settings(), run_id), as_json=as_json)
        case [run_id]:
            _show_run(run_id, as_json=as_json)
        case _:
            raise typer.BadParameter("say nothing, one run id, or `retry` and a run id")


def _list_runs(*, as_json: bool) -> None:
    settings = Settings()
    found = [_summary(settings, request) for request in embedded.all_requests(settings)]
    if as_json:
        sys.stdout.write(json.dumps({"runs": found}) + "\n")
        return
    table = Table(Column("run", no_wrap=True), "pipeline", "state", "started", "source")
    for each in found:
        table.add_row(*(escape(str(each[name])) for name in ("run_id", "pipeline", "state", "created", "source")))
    _console(as_json=False).print(table if found else "No run yet: `wafer train DIR` starts the first.")


def _summary(settings: Settings, request: embedded.Request) -> dict[str, Any]:
    return {
        "run_id": request.run_id,
        "pipeline": request.pipeline,
        "state": embedded.state(settings, request),
        "created": request.created,
        "source": request.source,
    }


def _show_run(run_id: str, *, as_json: bool) -> None:
    settings = Settings()
    request = embedded.read_request(settings, run_id)
    store = open_store(settings.store_uri)
    if embedded.is_alive(settings, run_id):
        found = result(store, judge(store, run_id, request.pipeline)) | {"state": "running"}
        found.pop("error", None)
    else:
        found = result(store, embedded.ended(settings, request))
    console = _console(as_json)
    for stage in found["stages"]:
        console.print(f"  {stage['name']:<16} {stage['state']:<10} {stage['seconds']:6.1f} s", markup=False)
    if found["state"] != "running":
        _tell(console, found)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the model's versions: which is in production, how good each is, and why it was promoted or not."""
    if context.invoked_subcommand:
        return
    from wafer.registry import Registry

    found = Registry(Settings().tracking_uri).versions()
    if as_json:
        rows = [
            {"version": each.version, "aliases": each.aliases, "created": each.created, "run_id": each.run_id}
            | {"digest": each.digest, "decision": each.decision.model_dump() if each.decision else {}}
            for each in found
        ]
        sys.stdout.write(json.dumps({"models": rows}) + "\n")
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
    _console(as_json=False).print(table if found else "No model yet: `wafer train DIR` trains the first.")


@models_app.command()
def promote(version: int) -> None:
    """Put a version into production by hand."""
    from wafer.registry import Registry

    promoted = Registry(Settings().tracking_uri).promote(version)
    _console(as_json=False).print(f"Version [bold]{promoted.version}[/] is in production.")


@models_app.command()
def rollback() -> None:
    """Put the version back that was in production before."""
    from wafer.registry import Registry

    back = Registry(Settings().tracking_uri).rollback()
    _console(as_json=False).print(f"Version [bold]{back.version}[/] is in production again.")


@app.command()
def synthetic(
    folder: Annotated[Path, typer.Argument(help="Folder to write `training/` and `prediction/` into.")],
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = 0,
) -> None:
    """Write synthetic batches with the real data's shape; they are made up and say so."""
    from application.synthetic import write_synthetic

    write_synthetic(folder, seed=seed)
    _console(as_json=False).print(f"Synthetic batches (made up, not measured) are in {escape(str(folder))}.")


@pipelines_app.command("compile")
def compile_pipelines(
    folder: Annotated[Path, typer.Option(help="Where to write the packages.")] = Path("pipelines/compiled"),
    images: Annotated[Path | None, typer.Option(help="JSON file stage -> image by digest.")] = None,
) -> None:
    """Compile both DAGs to packages for Kubeflow, and to Kubernetes Pipeline and PipelineVersion resources."""
    from pipelines.compile import compile_all

    for path in compile_all(folder, images):
        sys.stdout.write(f"{path}\n")


app.command()(serve)


def main() -> None:
    """Entry point of the `wafer` command: every error of ours is one readable block and an exit code."""
    restrain_mlflow()
    try:
        app()
    except WaferError as error:
        Console(stderr=True).print(f"[bold red]{error.code}[/]\n{escape(error.message)}")
        sys.exit(error.exit_code)
