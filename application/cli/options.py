"""The options that several commands about runs share."""

from contextlib import AbstractContextManager
from typing import Annotated, Literal

import typer

from application.runs.run import BackendName, Parameters, Runner, absolute, under
from wafer.built_in import BUILT_IN
from wafer.contract import Contracts, NamedContract
from wafer.evaluation.decision import Mode
from wafer.evaluation.rule import Rule
from wafer.process import environment
from wafer.runs import Pipeline
from wafer.settings import WORKERS, Settings
from wafer.store import open_store

Where = Literal["local", "kubeflow"]
BACKENDS: dict[Where, BackendName] = {"local": "embedded", "kubeflow": "kubeflow"}
Source = Annotated[str, typer.Argument(help="Folder of CSV batches, or s3://bucket/prefix.")]
ContractOption = Annotated[
    str, typer.Option("--contract", help="Name of a contract (`wafer contract list`). [default: WAFER_CONTRACT]")
]
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
        help="fixed: as found in training; recent: by rank among recent scores. [default: WAFER_THRESHOLD, or recent]",
    ),
]
BackendOption = Annotated[
    Where | None,
    typer.Option("--backend", help="Where to run. [default: kubeflow when KFP_ENDPOINT is set, else local]"),
]


def contract_parameters(pipeline: Pipeline, contract: str, schema: str, policy: str) -> Parameters:
    """The parameters that say by which contract a run reads its files."""
    chosen = chosen_contract(contract, schema, policy)
    given = {name: _named(text) for name, text in {"schema": schema, "policy": policy}.items() if text}
    return given or under(chosen, pipeline, {})


def _named(text: str) -> str:
    """A file as any process finds it; the text of a schema or policy as it is."""
    return text if text.lstrip().startswith("{") else absolute(text)


def chosen_contract(contract: str, schema: str = "", policy: str = "") -> NamedContract:
    """The contract of that name, else the default; the built-in one's where files are given in its place."""
    if contract and (schema or policy):
        raise typer.BadParameter("a contract has its own schema and policy: give its name or files, not both")
    common = Settings()
    name = contract or (BUILT_IN if schema or policy else common.contract)
    return Contracts(open_store(common.store_uri)).get(name)


def shared_by(workers: int | None) -> AbstractContextManager[None]:
    """Let the tasks of a run that starts in the block work with so many processes; none is what the settings say."""
    return environment({WORKERS: str(workers)} if workers else {})
