"""The history of trainings: one parent run a training, one child run a fitted model of a cluster."""

from collections.abc import Mapping

from mlflow.entities import Metric, Param, RunTag

from wafer.registry.client import RegistryClient
from wafer.registry.protocol import ChildRun, Parameter, TrainingRecord


class TrainingLog(RegistryClient):
    """Trainings as runs of MLflow."""

    def log_training(self, record: TrainingRecord) -> str:
        """Record a training; the id of its parent run. A training recorded before is recorded once."""
        with self._reported():
            experiment = self._experiment()
            parent_id, finished = self._run(experiment, record.run_id, {"wafer_run_id": record.run_id})
            if finished:
                return parent_id
            self._fill(parent_id, record.params, record.metrics, record.tags)
            for file in record.files:
                self._client.log_artifact(parent_id, str(file))
            for child in record.children:
                self._log_child(experiment, parent_id, child)
            self._client.set_terminated(parent_id)
            return parent_id

    def _run(self, experiment: str, name: str, tags: Mapping[str, str]) -> tuple[str, bool]:
        """Id of the one run with these name and tags, made where there is none, and whether it is finished.

        A call that was repeated because its answer was lost may have made a second one, which is removed.
        """
        wanted = [f"tags.`{tag}` = '{value}'" for tag, value in {**tags, "mlflow.runName": name}.items()]
        found = self._client.search_runs([experiment], " and ".join(wanted), order_by=["start_time ASC", "run_id"])
        first = found[0] if found else self._client.create_run(experiment, run_name=name, tags=dict(tags))
        for extra in found[1:]:
            self._client.delete_run(extra.info.run_id)
        return str(first.info.run_id), first.info.status == "FINISHED"

    def _log_child(self, experiment: str, parent: str, child: ChildRun) -> None:
        run, finished = self._run(experiment, child.name, {"mlflow.parentRunId": parent})
        if not finished:
            self._fill(run, child.params, child.metrics, {})
            self._client.set_terminated(run)

    def _fill(
        self, run: str, params: Mapping[str, Parameter], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        self._client.log_batch(
            run,
            [Metric(name, float(value), 0, 0) for name, value in metrics.items()],
            [Param(name, str(value)) for name, value in params.items()],
            [RunTag(name, value) for name, value in tags.items()],
        )
