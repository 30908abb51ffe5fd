"""The history of trainings: one parent run a training, one child run a fitted model of a cluster."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_SOURCE_NAME, MLFLOW_SOURCE_TYPE, MLFLOW_USER

from wafer.registry.client import RegistryClient
from wafer.registry.protocol import ChildRun, LearnedFrom, Parameter, TrainingRecord

SOURCE = "wafer train"
_DIGEST = 36  # characters that MLflow keeps of one


class TrainingLog(RegistryClient):
    """Trainings as runs of MLflow."""

    def log_training(self, record: TrainingRecord) -> str:
        """Record a training; the id of its parent run. A training recorded before is recorded once."""
        with self._reported():
            experiment = self._experiment()
            parent_id, finished = self._run(experiment, record.run_id, {"wafer_run_id": record.run_id}, record)
            if finished:
                return parent_id
            self._fill(parent_id, record.params, record.metrics, record.tags)
            for file in record.files:
                self._client.log_artifact(parent_id, str(file))
            if record.learned_from:
                self._client.log_inputs(parent_id, [_dataset(record.learned_from)])
            for child in record.children:
                self._log_child(experiment, parent_id, child)
            self._client.set_terminated(parent_id)
            return parent_id

    def add_files(self, parent_run: str, files: Sequence[Path]) -> None:
        """Keep what was made after the decision with a recorded training, which ends now."""
        with self._reported():
            for file in files:
                self._client.log_artifact(parent_run, str(file))
            self._client.set_terminated(parent_run)

    def _run(
        self, experiment: str, name: str, tags: Mapping[str, str], record: TrainingRecord | None = None
    ) -> tuple[str, bool]:
        """Id of the one run with these name and tags, made where there is none, and whether it is finished.

        A call that was repeated because its answer was lost may have made a second one, which is removed.
        """
        wanted = [f"tags.`{tag}` = '{value}'" for tag, value in {**tags, "mlflow.runName": name}.items()]
        found = self._client.search_runs([experiment], " and ".join(wanted), order_by=["start_time ASC", "run_id"])
        first = found[0] if found else self._new_run(experiment, name, tags, record)
        for extra in found[1:]:
            self._client.delete_run(extra.info.run_id)
        return str(first.info.run_id), first.info.status == "FINISHED"

    def _new_run(self, experiment: str, name: str, tags: Mapping[str, str], record: TrainingRecord | None) -> Run:
        told = {MLFLOW_SOURCE_NAME: SOURCE, MLFLOW_SOURCE_TYPE: "JOB"}
        if record and record.user:
            told[MLFLOW_USER] = record.user
        started = int(record.started * 1000) if record and record.started else None
        return self._client.create_run(experiment, started, {**told, **tags}, name)

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


def _dataset(found: LearnedFrom) -> DatasetInput:
    """The training set as `mlflow.data` would describe it, without reading it."""
    columns = [{"type": "double", "name": name, "required": False} for name in found.columns]
    described = Dataset(
        name="training wafers",
        digest=found.digest[:_DIGEST],
        source_type="s3" if found.address.startswith("s3:") else "local",
        source=json.dumps({"uri": found.address}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": found.wafers, "failures": found.failures}),
    )
    return DatasetInput(described, [InputTag(MLFLOW_DATASET_CONTEXT, "training")])
