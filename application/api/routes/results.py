"""Results of runs: predictions, reports, manifests, refused files."""

from collections.abc import Callable
from pathlib import Path as FilePath
from tempfile import mkdtemp
from typing import Annotated, Literal

from fastapi import Path, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from application.api.edge import REPORT_HEADERS
from application.api.exports import add_dispositions
from application.api.files import fetch_file
from application.api.openapi import Responses
from application.api.parts import Parts
from application.api.routes.common import RunId, parts_of, router_for
from application.api.shapes.predictions import Budgets
from application.api.views import media_type
from application.lists.forms import file_name
from application.runs.run import Run
from wafer.errors import NotPublished
from wafer.outcomes.dispositions import dispositions_of, in_force
from wafer.store import layout

viewer = router_for("viewer", "results")
ROUTERS = (viewer,)
Change = Callable[[FilePath], None]
Name = Annotated[str, Path(max_length=400, description="Name of a file as the run lists it.")]


def _as_it_is(_: FilePath) -> None:
    """Change nothing about a file before it is sent."""


def _of(media: str, schema: dict[str, str], sentence: str) -> Responses:
    return {200: {"content": {media: {"schema": schema}}, "description": sentence}}


_CSV = _of("text/csv", {"type": "string"}, "One line for each wafer.")
_HTML = _of("text/html", {"type": "string"}, "A complete HTML page.")
_JSON = _of("application/json", {"type": "object"}, "The manifest.")
_FILE = _of("*/*", {"type": "string", "format": "binary"}, "The file.")


@viewer.get("/runs/{run_id}/predictions.csv", response_class=Response, responses=_CSV)
def predictions_csv(request: Request, run_id: RunId) -> Response:
    """Download all predictions with their dispositions as one CSV file, safe to open in a spreadsheet."""
    parts = parts_of(request)
    run, decided = parts.runs.find(run_id), in_force(dispositions_of(parts.store, run_id))
    called = file_name(run_id, run.source, "csv")
    return _sent(parts, run, "outputs", layout.PREDICTIONS_CSV, lambda path: add_dispositions(path, decided), called)


@viewer.get("/runs/{run_id}/budgets")
def budgets(request: Request, run_id: RunId) -> Budgets:
    """Flagged wafers and expected false alarms of this run at other false-alarm budgets."""
    parts = parts_of(request)
    run = parts.runs.find(run_id)
    history = parts.history()
    version = history.predictions.version(run)
    if version is None:
        raise NotPublished(f"Run {run_id} predicted no wafer.")
    used = float(run.parameters.get("false_alarm_budget") or 0.0)
    bundle = parts.lines.past(run.contract).models.bundle(version)
    return bundle.budgets(version, run_id, history.predictions.predicted(run, history.known.outcomes()), used)


@viewer.get("/runs/{run_id}/report", response_class=Response, responses=_HTML)
def report(request: Request, run_id: RunId) -> Response:
    """Show the run's report; when every file was refused, the report with the reasons."""
    return _first(request, run_id, (("outputs", layout.REPORT), ("refused", layout.QUARANTINE_REPORT)))


@viewer.get("/runs/{run_id}/manifest", response_class=Response, responses=_JSON)
def manifest(request: Request, run_id: RunId) -> Response:
    """List every file with its verdict and reasons, and every quarantined row."""
    return _first(request, run_id, (("outputs", layout.MANIFEST), ("refused", layout.QUARANTINE_MANIFEST)))


@viewer.get("/runs/{run_id}/outputs/{name:path}", response_class=Response, responses=_FILE)
def output(request: Request, run_id: RunId, name: Name) -> Response:
    """Download a file that the run published."""
    return _file(request, run_id, "outputs", name)


@viewer.get("/runs/{run_id}/refused/{name:path}", response_class=Response, responses=_FILE)
def refused(request: Request, run_id: RunId, name: Name) -> Response:
    """Download a refused file unchanged, or the quarantined rows of a file."""
    return _file(request, run_id, "refused", name)


def _first(request: Request, run_id: str, places: tuple[tuple[Literal["outputs", "refused"], str], ...]) -> Response:
    parts = parts_of(request)
    run = parts.runs.find(run_id)
    for kind, name in places:
        try:
            return _sent(parts, run, kind, name)
        except NotPublished:
            continue
    raise NotPublished(f"Run {run_id} has nothing to show yet: it is still running, or ended before it read any file.")


def _file(request: Request, run_id: str, kind: Literal["outputs", "refused"], name: str) -> Response:
    parts = parts_of(request)
    return _sent(parts, parts.runs.find(run_id), kind, name)


def _sent(
    parts: Parts,
    run: Run,
    kind: Literal["outputs", "refused"],
    name: str,
    change: Change = _as_it_is,
    called: str = "",
) -> Response:
    folder = FilePath(mkdtemp(prefix="wafer-download-"))
    path = folder / "file"
    try:
        fetch_file(parts.store, run, kind, name, path)
        change(path)
    except BaseException:
        _remove(folder)
        raise
    shown = media_type(name) in {"text/html", "application/json"} and (kind == "outputs" or name.startswith("_"))
    return FileResponse(
        path,
        media_type=media_type(name),
        headers=REPORT_HEADERS if media_type(name) == "text/html" else None,
        filename=called or FilePath(name).name,
        content_disposition_type="inline" if shown else "attachment",
        background=BackgroundTask(_remove, folder),
    )


def _remove(folder: FilePath) -> None:
    (folder / "file").unlink(missing_ok=True)
    folder.rmdir()
