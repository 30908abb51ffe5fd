"""`wafer mlflow`: MLflow's own page over the trainings and models of this installation."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wafer.errors import ModelNotFound
from wafer.paths import sqlite_path
from wafer.process import become
from wafer.settings import Settings

HOST = "127.0.0.1"  # MLflow's page asks for no key
# MLflow's server also runs evaluations of language models, in processes of their own.
ALONE = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_TRACKING_URI": "", "GIT_PYTHON_REFRESH": "quiet"}


def mlflow(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of 127.0.0.1 to listen on.")] = 5000,
) -> None:
    """Open MLflow's page over the trainings and models here, until Ctrl-C; it shows them, and asks for no key."""
    uri = Settings().tracking_uri
    database = sqlite_path(uri)
    say = Console(stderr=True, soft_wrap=True).print
    if not database:
        say("The trainings are in the MLflow of MLFLOW_TRACKING_URI; open that address in a browser.", markup=False)
        return
    if not database.is_file():
        raise ModelNotFound("There is no training here yet, and nothing to show. `wafer train DIR` makes one.")
    say(f"MLflow's page: http://{HOST}:{port} (it answers after some seconds; Ctrl-C ends it)", markup=False)
    become(_server(uri, database.parent, port), ALONE)


def _server(uri: str, folder: Path, port: int) -> list[str]:
    """MLflow's server as it reads the files where the trainings left them."""
    where = ["--backend-store-uri", uri, "--default-artifact-root", str(folder / "artifacts"), "--no-serve-artifacts"]
    return [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", HOST, "--port", str(port), *where]
