"""The commands that start runs: train, predict, outcomes. They speak to the run service, as the API."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from application.backends.reach import beyond_cluster, beyond_containers, require_parts
from application.cli.attending import attend, run_service
from application.cli.console import Json, console_of, user
from application.cli.options import (
    BACKENDS,
    BackendOption,
    Budget,
    ContractOption,
    Policy,
    Promotion,
    RunnerOption,
    Schema,
    Source,
    ThresholdOption,
    Where,
    Workers,
    contract_parameters,
    shared_by,
)
from application.cli.webhooks import telling
from application.runs.from_outcomes import PARAMETER, batches_from_outcomes
from application.runs.run import BackendName, Parameters, Run, Runner, contract_in, new_run
from application.settings import ServiceSettings
from wafer.runs import Pipeline
from wafer.settings import Settings
from wafer.store import open_store


def train(
    source: Annotated[
        str, typer.Argument(help="Folder of CSV batches, or s3://bucket/prefix; default: that of the last training.")
    ] = "",
    from_outcomes: Annotated[
        bool,
        typer.Option("--from-outcomes", help="Learn also from predicted wafers whose outcome was sent since."),
    ] = False,
    contract: ContractOption = "",
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
    figures = {**figures, **contract_parameters("train", contract, schema, policy)}
    run = _wanted("train", source or _last_source(contract_in(figures)), figures, runner)
    if from_outcomes:
        run = _grown(run, console_of(as_json=as_json))
    with shared_by(workers):
        _start(run, backend, as_json=as_json)


def predict(
    source: Source,
    output: Annotated[Path | None, typer.Option(help="Folder to copy the published predictions to.")] = None,
    contract: ContractOption = "",
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
    named = contract_parameters("predict", contract, schema, policy)
    parameters: Parameters = {"false_alarm_budget": false_alarm_budget, **named}
    if threshold:
        parameters = {**parameters, "threshold": threshold}
    with shared_by(workers):
        _start(_wanted("predict", source, parameters, runner), backend, as_json=as_json, output=output)


def outcomes(
    source: Source,
    contract: ContractOption = "",
    schema: Schema = "",
    policy: Policy = "",
    runner: RunnerOption = "processes",
    workers: Workers = None,
    backend: BackendOption = None,
    as_json: Json = False,
) -> None:
    """Take in what predicted wafers turned out to be: labelled batches, or files of wafer and outcome alone."""
    named = contract_parameters("outcomes", contract, schema, policy)
    with shared_by(workers):
        _start(_wanted("outcomes", source, named, runner), backend, as_json=as_json)


def _wanted(pipeline: Pipeline, source: str, parameters: Parameters, runner: Runner) -> Run:
    return new_run(pipeline, source, parameters, by=user(), runner=runner)


def _last_source(contract: str) -> str:
    """What the last training under a contract that succeeded read."""
    with run_service() as service:
        trained = (run for run in service.history() if run.pipeline == "train" and run.state == "succeeded")
        source = next((run.source for run in trained if run.contract == contract), "")
    if not source:
        raise typer.BadParameter("no training has succeeded yet: name its batches", param_hint="SOURCE")
    return source


def _grown(run: Run, console: Console) -> Run:
    """The training with the batches that predictions and outcomes make."""
    common = Settings()
    made = batches_from_outcomes(open_store(common.store_uri), common.documents_uri, run.source, run.parameters)
    console.print(f"{made.wafers} wafers of {made.files} predicted files have an outcome: {made.uri}", markup=False)
    return replace(run, parameters={**run.parameters, PARAMETER: made.uri})


def _start(run: Run, where: Where | None, *, as_json: bool, output: Path | None = None) -> None:
    backend = _backend(where, run)
    if backend == "embedded":
        require_parts(Settings(), run)
    with run_service(backend) as service, telling():

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
