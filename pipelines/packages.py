"""The compiled packages: the one form in which the DAGs reach Kubeflow and the embedded run."""

from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise

import yaml

from pipelines.graph import Dag, PipelineSpec, TaskSpec
from pipelines.table import planned

PIPELINES = ("train", "predict", "outcomes")


def package(pipeline: str) -> str:
    """Text of the compiled package (YAML: pipeline spec, then platform spec)."""
    return (files("pipelines") / "compiled" / f"{pipeline}.yaml").read_text(encoding="utf-8")


def embedded_package(pipeline: str) -> str:
    """The package as a laptop runs it: one task after another, no retries, every finished task kept for a retry.

    `kfp.local` runs the tasks one after another in an order of its own. Here it is that of the table, in which a
    prediction chooses its model as late as it can: MLflow is imported while the files are read.

    A stage that fails here fails for a reason that a person has to see; and the cache lies in the run's own folder, so
    what it keeps is what Kubeflow's RetryRun keeps: this run's finished tasks, never another run's.
    """
    spec: PipelineSpec = next(yaml.load_all(package(pipeline), Loader=yaml.CSafeLoader))
    for graph in _graphs(spec):
        for task in graph["tasks"].values():
            task.pop("retryPolicy", None)
            task["cachingOptions"] = {"enableCache": True}
        _put_in_order(graph["tasks"], planned(pipeline))
    return yaml.dump(spec, Dumper=yaml.CSafeDumper, sort_keys=False)


def _put_in_order(tasks: dict[str, TaskSpec], order: Sequence[str]) -> None:
    for before, name in pairwise(each for each in order if each in tasks):
        tasks[name]["dependentTasks"] = sorted({*tasks[name].get("dependentTasks", ()), before})


def _graphs(spec: PipelineSpec) -> list[Dag]:
    components = spec["components"].values()
    return [spec["root"]["dag"], *(each["dag"] for each in components if "dag" in each)]
