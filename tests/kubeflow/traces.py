"""Takes away what tests wrote on a cluster: runs, pipeline versions, objects, documents, models."""

import time
from collections.abc import Sequence

from kfp import Client
from mlflow import MlflowClient
from pymongo import MongoClient

from wafer.store import Store

ENDED = {"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"}
LAST_SECONDS = 600  # how long a run that is told to stop may take to do so


def end_runs(client: Client, experiment: str, poll_seconds: float) -> None:
    """End and delete the runs of an experiment, and the experiment; nothing writes afterwards."""
    found = [
        each for each in client.list_experiments(page_size=100).experiments or [] if each.display_name == experiment
    ]
    for each in found:
        runs = [run.run_id for run in client.list_runs(experiment_id=each.experiment_id, page_size=100).runs or []]
        for run_id in runs:
            if client.get_run(run_id).state not in ENDED:
                client.terminate_run(run_id)
        for run_id in runs:
            _await_end(client, run_id, poll_seconds)
            client.delete_run(run_id)
        client.delete_experiment(each.experiment_id)


def _await_end(client: Client, run_id: str, poll_seconds: float) -> None:
    deadline = time.monotonic() + LAST_SECONDS
    while client.get_run(run_id).state not in ENDED:
        assert time.monotonic() < deadline, f"run {run_id} did not stop in {LAST_SECONDS} s"
        time.sleep(poll_seconds)


def remove_version(client: Client, pipeline_id: str, version_id: str) -> None:
    """Delete a version; without its id the pipeline, which was made for it."""
    if version_id:
        client.delete_pipeline_version(pipeline_id, version_id)
        return
    versions = client.list_pipeline_versions(pipeline_id, page_size=100).pipeline_versions or []
    for version in versions:  # a pipeline that has versions is not deleted
        client.delete_pipeline_version(pipeline_id, version.pipeline_version_id)
    client.delete_pipeline(pipeline_id)


def remove_objects(store: Store) -> None:
    """Delete everything in a store that is ours alone."""
    for item in store.keys(""):
        store.delete(item.key)


def model_versions(tracking: str) -> int:
    """How many versions of the model a registry has."""
    return len(MlflowClient(tracking, tracking).search_model_versions("name = 'wafer-fault'", max_results=1000))


def remove_models(tracking: str, began: float) -> None:
    """Delete the model and its log of promotions, which were not there before, and the trainings recorded since."""
    client = MlflowClient(tracking, tracking)
    for model in client.search_registered_models():
        if model.name in {"wafer-fault", "wafer-fault-production"}:
            client.delete_registered_model(model.name)
    experiment = client.get_experiment_by_name("wafer-fault")
    if experiment:
        since = f"attributes.start_time >= {int(began * 1000)}"
        for run in client.search_runs([experiment.experiment_id], since, max_results=1000):
            client.delete_run(run.info.run_id)


def remove_documents(uri: str, digests: Sequence[str]) -> None:
    """Delete the wafers of our files; without an address they stay, which changes no other run."""
    if not uri:
        return
    with MongoClient[dict[str, object]](uri) as client:
        database = client.get_default_database("wafer")
        for kind in ("training", "prediction"):
            database[kind].delete_many({"sha256": {"$in": list(digests)}})
