"""The `wafer` command: train, backtest, predict, take in outcomes, look at runs and models, compile pipelines."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from application.cli.backtest import backtest
from application.cli.contracts import contract_app
from application.cli.disposition import disposition
from application.cli.explain import explain
from application.cli.logs import logs
from application.cli.lots import lots
from application.cli.models import models_app
from application.cli.named import add_contract, list_contracts, remove_contract, show_contract
from application.cli.retraining import retrain_app
from application.cli.runs import runs
from application.cli.schedules import schedules_app
from application.cli.score import score
from application.cli.sensors import sensors
from application.cli.service import keys_app, serve, serve_model
from application.cli.start import outcomes, predict, train
from application.cli.tracking import mlflow
from application.cli.webhooks import webhooks_app
from application.errors import RequestInvalid
from wafer.errors import WaferError
from wafer.patience import waits_told
from wafer.process import hurry, refuse_cut_answers, restrain_mlflow
from wafer.stages import WAFERS
from wafer.store.disk import refusals

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
pipelines_app = typer.Typer(no_args_is_help=True, help="The compiled pipeline packages.")
app.command()(train)
app.command()(predict)
app.command()(backtest)
app.command()(outcomes)
app.command()(runs)
app.command()(logs)
app.command()(explain)
app.command()(disposition)
app.command()(lots)
app.command()(sensors)
app.add_typer(retrain_app, name="retrain")
app.add_typer(schedules_app, name="schedules")
app.add_typer(contract_app, name="contract")
contract_app.command("add")(add_contract)
contract_app.command("list")(list_contracts)
contract_app.command("show")(show_contract)
contract_app.command("remove")(remove_contract)
app.command()(score)
app.add_typer(models_app, name="models")
app.add_typer(pipelines_app, name="pipelines")
app.add_typer(keys_app, name="keys")
app.add_typer(webhooks_app, name="webhooks")


def _say_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"{version('wafer-fault-prediction')}\n")
        raise typer.Exit


@app.callback()
def wafer(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the release and exit.")
    ] = False,
) -> None:
    """Find faulty wafers by the readings of their sensors."""


@app.command()
def synthetic(
    folder: Annotated[Path, typer.Argument(help="Folder to write `training/` and `prediction/` into.")],
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = 0,
    wafers: Annotated[int, typer.Option(min=1, help="Good wafers to train on; half as many are to predict.")] = 800,
    batch_size: Annotated[int, typer.Option(min=1, help="Wafers of a file.")] = 100,
) -> None:
    """Write synthetic batches with the real data's shape; they are made up and say so."""
    from application.synthetic import Drop, write_drop  # numpy: 0.15 s that most commands do not need

    write_drop(folder, Drop(wafers, (wafers + 1) // 2, batch_size), seed=seed)
    Console().print(f"Synthetic batches (made up, not measured) are in {escape(str(folder))}.")


@pipelines_app.command("compile")
def compile_pipelines(
    folder: Annotated[Path, typer.Option(help="Where to write the packages.")] = Path("pipelines/compiled"),
    images: Annotated[Path | None, typer.Option(help="JSON file stage -> image by digest.")] = None,
    wafers: Annotated[int, typer.Option(min=1, help="Most wafers of a run; sets memory and time limits.")] = WAFERS,
) -> None:
    """Compile the DAGs to packages for Kubeflow, and to Kubernetes Pipeline and PipelineVersion resources."""
    from pipelines.compile import compile_all  # kfp: 0.7 s that no other command needs

    for path in compile_all(folder, images, wafers):
        sys.stdout.write(f"{path}\n")


app.command()(serve)
app.command("serve-model")(serve_model)
app.command()(mlflow)


def main() -> None:
    """Entry point of the `wafer` command: every error of ours is one readable block and an exit code."""
    restrain_mlflow()
    refuse_cut_answers()
    hurry()
    try:
        with refusals(), waits_told(lambda line: Console(stderr=True).print(line, markup=False, highlight=False)):
            app()
    except WaferError as error:
        _refuse(error)
    except ValidationError as error:
        if not error.title.endswith("Settings"):
            raise
        # without the values, which may be secrets
        told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}." for each in error.errors()]
        _refuse(RequestInvalid(f"A setting in the environment cannot be used. {' '.join(told)}"))


def _refuse(error: WaferError) -> NoReturn:
    Console(stderr=True).print(f"[bold red]{error.code}[/]\n{escape(error.message)}")
    sys.exit(error.exit_code)
