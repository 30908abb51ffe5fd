"""What a run in containers cannot have: anything that only this machine's folders hold."""

from application.runs.request import Request
from wafer.settings import Settings

CONTRACT = ("schema", "policy")


def beyond_reach(settings: Settings, request: Request) -> list[str]:
    """What a stage in a container could not read or write, a sentence each; empty when the run can start."""
    wanted = {
        "the source": (request.source, "s3://"),
        "the store, WAFER_STORE": (settings.store_uri, "s3://"),
        "the documents, MONGODB_URI": (settings.documents_uri, "mongodb"),
        "the models, MLFLOW_TRACKING_URI": (settings.tracking_uri, "http"),
        **{f"--{name}": (str(request.parameters[name]), "s3://") for name in CONTRACT if request.parameters.get(name)},
    }
    return [
        f"A container cannot reach {what}, at {uri}: it has to be {scheme}{'://…' if '://' not in scheme else '…'}"
        for what, (uri, scheme) in wanted.items()
        if not uri.startswith(scheme)
    ]
