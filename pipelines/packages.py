"""The compiled packages: the one form in which both DAGs reach Kubeflow and the embedded run."""

from importlib.resources import files
from typing import Any

import yaml

PIPELINES = ("train", "predict")


def package(pipeline: str) -> str:
    """Text of the compiled package (YAML: pipeline spec, then platform spec)."""
    return (files("pipelines") / "compiled" / f"{pipeline}.yaml").read_text(encoding="utf-8")


def embedded_package(pipeline: str) -> str:
    """The package as a laptop runs it: no retries, and every finished task is kept for a retry of the same run.

    A stage that fails here fails for a reason that a person has to see; and the cache lies in the run's own folder, so
    what it keeps is what Kubeflow's RetryRun keeps: this run's finished tasks, never another run's.
    """
    documents: list[dict[str, Any]] = list(yaml.load_all(package(pipeline), Loader=yaml.CSafeLoader))
    for graph in _graphs(documents[0]):
        for task in graph["tasks"].values():
            task.pop("retryPolicy", None)
            task["cachingOptions"] = {"enableCache": True}
    return yaml.dump(documents[0], Dumper=yaml.CSafeDumper, sort_keys=False)


def _graphs(spec: dict[str, Any]) -> list[dict[str, Any]]:
    components = spec.get("components", {}).values()
    return [spec["root"]["dag"], *(each["dag"] for each in components if "dag" in each)]
