"""What a run elsewhere cannot have: anything that only this machine's folders hold."""

from collections.abc import Mapping

from application.registry import require_answer
from application.runs.run import CONTRACT, Run
from wafer.settings import Settings
from wafer.store import is_s3, open_store


def beyond_containers(settings: Settings, run: Run) -> list[str]:
    """What a stage in a container could not read or write, a sentence each; empty when the run can start."""
    services = {
        "the store, WAFER_STORE": (settings.store_uri, "s3://"),
        "the documents, MONGODB_URI": (settings.documents_uri, "mongodb"),
        "the models, MLFLOW_TRACKING_URI": (settings.tracking_uri, "http"),
    }
    return _refused("A container", {**_read(run), **services})


def beyond_cluster(run: Run) -> list[str]:
    """What a task on Kubeflow could not read, a sentence each; its store and servers are the cluster's settings."""
    return _refused("Kubeflow", _read(run))


def _read(run: Run) -> dict[str, tuple[str, str]]:
    named = {f"--{name}": str(run.parameters[name]) for name in CONTRACT if run.parameters.get(name)}
    return {what: (uri, "s3://") for what, uri in {"the source": run.source, **named}.items()}


def _refused(who: str, wanted: Mapping[str, tuple[str, str]]) -> list[str]:
    return [
        f"{who} cannot reach {what}, at {uri}: it has to be {scheme}{'://…' if '://' not in scheme else '…'}"
        for what, (uri, scheme) in wanted.items()
        if not uri.startswith(scheme)
    ]


def require_parts(settings: Settings, run: Run) -> None:
    """Raise `StoreUnavailable` or `RegistryUnavailable` now, and not in a task hours later."""
    for uri in filter(is_s3, dict.fromkeys([settings.store_uri, run.source])):
        open_store(uri).keys("pipelines")  # one short answer, however much lies there
    require_answer(settings.tracking_uri)
