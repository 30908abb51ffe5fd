"""Which compiled pipeline a route means on Kubeflow: a package in the store, or a pipeline version on the server."""

from typing import Any

import yaml

from application.errors import PackageNotFound
from wafer.errors import ObjectNotFound
from wafer.runs import Pipeline
from wafer.store import Store, layout

ON_SERVER: dict[Pipeline, str] = {
    "train": "wafer-fault-train",
    "predict": "wafer-fault-predict",
    "outcomes": "wafer-fault-outcomes",
}
Package = dict[str, Any]  # as the server takes it
GRAPHS: dict[str, Pipeline] = {
    "wafer-fault-training": "train",
    "wafer-fault-prediction": "predict",
    "wafer-fault-outcomes": "outcomes",
}


def stored_package(store: Store, pipeline: Pipeline) -> Package | None:
    """A route's package in the store, as the server takes it; None when there is none. Raises `PackageNotFound`."""
    try:
        text = store.get(layout.package(pipeline))
    except ObjectNotFound:
        return None
    try:
        documents = [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]
    except yaml.YAMLError as error:
        raise PackageNotFound(
            f"{store.uri}/{layout.package(pipeline)} is not YAML; publish the package again."
        ) from error
    if not documents or not all(isinstance(each, dict) for each in documents):
        raise PackageNotFound(f"{store.uri}/{layout.package(pipeline)} holds no pipeline; publish the package again.")
    spec, *platforms = documents
    return {"pipeline_spec": spec, "platform_spec": platforms[0]} if platforms else dict(spec)


def graph_of(spec: object) -> Pipeline | None:
    """The route whose graph a run's inline specification holds; None for somebody else's pipeline."""
    if not isinstance(spec, dict):
        return None
    inner = spec.get("pipeline_spec", spec)
    info = inner.get("pipelineInfo", {}) if isinstance(inner, dict) else {}
    return GRAPHS.get(str(info.get("name", "")))
