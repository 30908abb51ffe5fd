"""MLflow's client as every part of the registry uses it: one address, errors in our words, things made once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion as MlflowVersion
from mlflow.exceptions import MlflowException

from wafer.errors import RegistryUnavailable
from wafer.paths import sqlite_path
from wafer.patience import waiting_for
from wafer.registry.moved import follow_move
from wafer.registry.protocol import MODEL

ARTIFACTS = "artifacts"  # folder next to a SQLite file
PAGE = 1000


class RegistryClient:
    """A connection to one MLflow server or one SQLite file, about one registered model (ADR 27).

    `client` speaks to it; by default MLflow's own.
    """

    def __init__(self, uri: str, client: MlflowClient | None = None, model: str = MODEL) -> None:
        self.uri = uri
        self.model = model
        self._log = f"{model}-production"
        database = sqlite_path(uri)
        self._local = database.parent / ARTIFACTS if database else None
        if database and self._local:
            database.parent.mkdir(parents=True, exist_ok=True)
            follow_move(database, self._local, MODEL)
        self._client = client or MlflowClient(uri, uri)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Turn what MLflow says about a call that failed into `RegistryUnavailable`."""
        try:
            with waiting_for(f"the model registry at {without_password(self.uri)}"):
                yield
        except MlflowException as error:
            raise RegistryUnavailable(
                f"The model registry at {without_password(self.uri)} did not complete a call. Check that it runs and "
                "that MLFLOW_TRACKING_URI names it, then retry the run. "
                f"Its answer: {without_password(error.message)}"
            ) from error

    def _experiment(self) -> str:
        """Id of the experiment that holds every training of every model, made where there is none."""
        if found := self._client.get_experiment_by_name(MODEL):
            return str(found.experiment_id)
        location = self._local.as_uri() if self._local else None
        try:
            return str(self._client.create_experiment(MODEL, artifact_location=location))
        except MlflowException as error:
            made = self._client.get_experiment_by_name(MODEL)  # by another process, or by a call whose answer was lost
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or made is None:
                raise
            return str(made.experiment_id)

    def _ensure_model(self, name: str, description: str) -> None:
        """Make a registered model where there is none."""
        with already("RESOURCE_ALREADY_EXISTS"):
            self._client.create_registered_model(name, description=description)

    def _all_of(self, name: str) -> Iterator[MlflowVersion]:
        """Every version of a registered model."""
        page = self._client.search_model_versions(f"name = '{name}'", max_results=PAGE)
        yield from page
        while page.token:
            page = self._client.search_model_versions(f"name = '{name}'", max_results=PAGE, page_token=page.token)
            yield from page


@contextmanager
def already(state: str) -> Iterator[None]:
    """Take it as done when MLflow refuses with this error code."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != state:
            raise


def without_password(text: str) -> str:
    """A text without the user and password of an address in it."""
    return re.sub(r"://[^/@\s]*@", "://", text)
