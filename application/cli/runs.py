"""The commands around runs: train, predict, outcomes, runs. They speak to the run service, as the API."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from application.backends.local.attendance import attended
from application.backends.local.processes import run_folder
from application.backends.reach import beyond_cluster, beyond_containers, require_parts
from application.cli.console import Json, console_of, print_json, quiet_logs, user
from application.cli.progress import Progress
from application.cli.result import Result
from application.cli.webhooks import telling
from application.runs.opening import open_runs
from application.runs.run import BackendName, Parameters, Run, Runner, absolute, new_run
from application.runs.service import Runs
from application.settings import ServiceSettings
from wafer.errors import WaferError, error_class
from wafer.evaluation.decision import Mode
from wafer.evaluation.rule import Rule
from wafer.process import Interrupted, environment, interruptible
from wafer.runs import Pipeline
from wafer.settings import WORKERS, Settings
from wafer.store import open_store

Where = Literal["local", "kubeflow"]
BACKENDS: dict[Where, BackendName] = {"local": "embedded", "kubeflow": "kubeflow"}
Source = Annotated[str, typer.Argument(help="Folder of CSV batches, or s3://bucket/prefix.")]
Schema = Annotated[str, typer.Option(help="Schema file (JSON) to use instead of the built-in contract.")]
Policy = Annotated[str, typer.Option(help="Policy file (YAML) to use instead of the built-in one.")]
Budget = Annotated[
    float, typer.Option(min=0.001, max=0.9, help="False-alarm budget: share of good wafers that may be flagged.")
]
RunnerOption = Annotated[
    Runner, typer.Option("--runner", help="Run the stages as processes, or each in a container of its own image.")
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Processes that share each task's work here. [default: WAFER_WORKERS, or 1]"),
]
Promotion = Annotated[
    Mode | None,
    typer.Option(
        "--promotion",
        help="auto: a better model is promoted; candidate: it waits for a person. [default: WAFER_PROMOTION, or auto]",
    ),
]
ThresholdOption = Annotated[
    Rule | None,
    typer.Option(
        "--threshold",
        help="fixed: as found in training; recent: by rank among recent scores. [default: WAFER_THRESHOLD, or fixed]",
    ),
]
BackendOption = Annotated[
    Where | None,
    typer.Option("--backend", help="Where to run. [default: kubeflow when KFP_ENDPOINT is set, else local]"),
]


def train(
    source: Annotated[
        str, typer.Argument(help="Folder of CSV batches, or s3://bucket/prefix; default: that of the last training.")
    ] = "",
    from_outcomes: Annotated[
        bool,
        typer.Option("--from-outcomes", help="Learn also from predicted wafers whose outcome was sent since."),
    ] = False,
    schema: Schema = "",
    policy: Policy = "",
    false_alarm_budget: Budget = 0.10,
    max_clusters: Annotated[int, typer.Option(min=1, max=20, help="Most clusters to consider.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 7,
    promotion: Promotion = None,
    runner: RunnerOption = "processes",
    workers: Workers = None,
    backend: BackendOption = None,
    as_json: Json = False,
) -> None:
    """Train on a folder of labelled batches and decide whether the model goes into production."""
    figures: Parameters = {"false_alarm_budget": false_alarm_budget, "max_clusters": max_clusters, "seed": seed}
    if promotion:
        figures = {**figures, "promotion": promotion}
    if not source and not from_outcomes:
        raise typer.BadParameter("name a folder of CSV batches, or train --from-outcomes", param_hint="SOURCE")
    run = _wanted("train", source or _last_source(), {**figures, **_contract(schema, policy)}, runner)
    if from_outcomes:
        run = _grown(run, console_of(as_json=as_json))
    with shared_by(workers):
        _start(run, backend, as_json=as_json)


def predict(
    source: Source,
    output: Annotated[Path | None, typer.Option(help="Folder to copy the published predictions to.")] = None,
    schema: Schema = "",
    policy: Policy = "",
    false_alarm_budget: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Another false-alarm budget than the model's own; 0 keeps its own.")
    ] = 0.0,
    threshold: ThresholdOption = None,
    runner: RunnerOption = "processes",
    workers: Workers = None,
    backend: BackendOption = None,
    as_json: Json = False,
) -> None:
    """Predict a folder of batches with the production model, most suspicious wafer first."""
    parameters: Parameters = {"false_alarm_budget": false_alarm_budget, **_contract(schema, policy)}
    if threshold:
        parameters = {**parameters, "threshold": threshold}
    with shared_by(workers):
        _start(_wanted("predict", source, parameters, runner), backend, as_json=as_json, output=output)


def outcomes(
    source: Source,
    schema: Schema = "",
    policy: Policy = "",
    runner: RunnerOption = "processes",
    workers: Workers = None,
    backend: BackendOption = None,
    as_json: Json = False,
) -> None:
    """Take in what predicted wafers turned out to be: labelled batches, or files of wafer and outcome alone."""
    with shared_by(workers):
        _start(_wanted("outcomes", source, _contract(schema, policy), runner), backend, as_json=as_json)


def runs(
    words: Annotated[list[str] | None, typer.Argument(metavar="[ID | retry ID]", help="Nothing: all runs.")] = None,
    as_json: Json = False,
) -> None:
    """List the runs, newest first; show one by its id; or run a failed one again from its failed stage."""
    match words or []:
        case []:
            _list(as_json=as_json)
        case ["retry", run_id]:
            with _runs() as service, telling():
                attend(service, service.find(run_id), lambda: service.retry(run_id), as_json=as_json)
        case [run_id]:
            _show(run_id, as_json=as_json)
        case _:
            raise typer.BadParameter("say nothing, one run id, or `retry` and a run id")


def _wanted(pipeline: Pipeline, source: str, parameters: Parameters, runner: Runner) -> Run:
    return new_run(pipeline, source, parameters, by=user(), runner=runner)


def _last_source() -> str:
    """What the last training that succeeded read."""
    with _runs() as service:
        trained = (run.source for run in service.history() if run.pipeline == "train" and run.state == "succeeded")
        source = next(trained, "")
    if not source:
        raise typer.BadParameter("no training has succeeded yet: name its batches", param_hint="SOURCE")
    return source


def _grown(run: Run, console: Console) -> Run:
    """The training with the batches that predictions and outcomes make."""
    from application.runs.from_outcomes import PARAMETER, batches_from_outcomes  # pyarrow: 0.2 s

    common = Settings()
    made = batches_from_outcomes(open_store(common.store_uri), common.documents_uri, run.source, run.parameters)
    console.print(f"{made.wafers} wafers of {made.files} predicted files have an outcome: {made.uri}", markup=False)
    return replace(run, parameters={**run.parameters, PARAMETER: made.uri})


def _contract(schema: str, policy: str) -> Parameters:
    given = {"schema": schema, "policy": policy}
    return {name: absolute(uri) for name, uri in given.items() if uri}


@contextmanager
def _runs(backend: BackendName | None = None) -> Iterator[Runs]:
    quiet_logs()
    with open_runs(Settings(), ServiceSettings(), backend) as service:
        yield service


def shared_by(workers: int | None) -> AbstractContextManager[None]:
    """Let the tasks of a run that starts in the block work with so many processes; none is what the settings say."""
    return environment({WORKERS: str(workers)} if workers else {})


def _start(run: Run, where: Where | None, *, as_json: bool, output: Path | None = None) -> None:
    backend = _backend(where, run)
    if backend == "embedded":
        require_parts(Settings())
    with _runs(backend) as service, telling():

        def begin() -> Run:
            started = service.start(run)
            console_of(as_json=as_json).print(f"Run [bold]{run.run_id}[/] over {escape(run.source)}")
            return started

        attend(service, replace(run, backend=backend), begin, as_json=as_json, output=output)


def _backend(where: Where | None, run: Run) -> BackendName:
    """Where the run goes; refuses what it could not read there."""
    endpoint = ServiceSettings().kfp_endpoint
    if where == "kubeflow" and not endpoint:
        raise typer.BadParameter("KFP_ENDPOINT is not set: set it to Kubeflow's address.", param_hint="--backend")
    backend = BACKENDS[where or ("kubeflow" if endpoint else "local")]
    containers = run.runner == "containers"
    if containers and backend == "kubeflow":
        raise typer.BadParameter("On Kubeflow every stage has its container; leave it out.", param_hint="--runner")
    if containers and (refused := beyond_containers(Settings(), run)):
        raise typer.BadParameter(" ".join(refused), param_hint="--runner")
    if backend == "kubeflow" and (refused := beyond_cluster(run)):
        raise typer.BadParameter(f"{' '.join(refused)} Or run here: --backend local.", param_hint="--backend")
    return backend


def attend(service: Runs, run: Run, begin: Callable[[], Run], *, as_json: bool, output: Path | None = None) -> NoReturn:
    """Begin a run and follow it to its end. On this machine it ends with this command, whatever ends that."""
    console = console_of(as_json=as_json)
    here = run.backend == "embedded"
    with attended(run_folder(Settings(), run.run_id)) if here else nullcontext():
        try:
            with interruptible():
                ended = _follow(service, begin(), console)
        except WaferError:
            raise
        except Interrupted as told:
            _end(service, run, console, told, as_json=as_json)
            raise typer.Exit(told.exit_code) from told
        except BaseException as error:  # nobody reads what is printed
            _end(service, run, console, error, as_json=as_json)
            raise
    store = open_store(Settings().store_uri)
    result = Result.of(store, ended)
    if output:
        result = result.fetched(store, output)
    _tell(console, result, as_json=as_json)
    raise typer.Exit(_exit_code(ended))


def _follow(service: Runs, run: Run, console: Console) -> Run:
    try:
        with Progress(console).shown() as progress:
            return service.follow(run.run_id, progress)
    except WaferError:
        console.print(f"Run {run.run_id} is not followed any more: `wafer runs retry {run.run_id}` continues it.")
        raise


def _end(service: Runs, run: Run, console: Console, why: BaseException, *, as_json: bool) -> None:
    """End a run whose command ends, and say so if anybody still reads it."""
    ended = None
    with suppress(WaferError):  # it has ended this moment, or has not begun
        ended = service.cancel(run.run_id, by=user())
    with suppress(OSError):
        console.print(f"\nStopped by {why}.", markup=False)
        if ended:
            _tell(console, Result.of(open_store(Settings().store_uri), ended), as_json=as_json)


def _exit_code(run: Run) -> int:
    if run.state == "succeeded":
        return 0
    return error_class(run.error.code if run.error else WaferError.code).exit_code


def _tell(console: Console, result: Result, *, as_json: bool) -> None:
    result.tell(console)
    if as_json:
        print_json(result.to_json())


def _list(*, as_json: bool) -> None:
    with _runs() as service:
        service.look_around()
        found = list(service.history())
    if as_json:
        print_json({"runs": [_line(run) for run in found]})
        return
    table = Table(Column("run", no_wrap=True), "pipeline", "state", "started", "source")
    for run in found:
        table.add_row(*map(escape, _line(run).values()))
    console_of(as_json=False).print(table if found else "No run yet: `wafer train DIR` starts the first.")


def _line(run: Run) -> dict[str, str]:
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "state": run.state,
        "created": run.created,
        "source": run.source,
    }


def _show(run_id: str, *, as_json: bool) -> None:
    with _runs() as service:
        run = service.look(service.find(run_id))
    console = console_of(as_json=as_json)
    for attempt, reason in enumerate(run.retries, start=2):
        console.print(f"Attempt {attempt}: {reason}", markup=False)
    for task in run.tasks:
        console.print(f"  {task.name:<16} {task.state:<10} {task.seconds:6.1f} s", markup=False)
        if task.state == "starting" and task.error:
            console.print(f"    {task.error.message}", markup=False)
    _tell(console, Result.of(open_store(Settings().store_uri), run), as_json=as_json)
