"""The execution of one embedded run through `kfp.local`, stage by stage."""

import sys
from contextlib import ExitStack
from pathlib import Path

from kfp import components, local

from application.backends.local.kfp_patches import StartTask, keep_metrics, silence_warnings, tasks_started_by
from application.backends.local.processes import read_run, run_folder
from application.runs.run import Run
from pipelines.packages import embedded_package
from wafer.errors import WaferError
from wafer.settings import Settings


def execute(run_id: str, start: StartTask | None) -> int:
    """Execute a run's package; `start` starts its tasks, and without it they run in containers.

    Returns 1, and writes the error's text, when a stage failed.
    """
    settings = Settings()
    run = read_run(settings, run_id)
    folder = run_folder(settings, run.run_id)
    try:
        _execute(run, folder, start)
    except (RuntimeError, WaferError) as error:  # the first is kfp.local's only word for "a stage failed"
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _execute(run: Run, folder: Path, start: StartTask | None) -> None:
    keep_metrics(folder / "cache")
    silence_warnings()
    artifacts = folder / "artifacts"
    runner, package = local.SubprocessRunner(use_venv=False), embedded_package(run.pipeline)
    with ExitStack() as stack:
        if start:
            stack.enter_context(tasks_started_by(start))
        else:
            from application.backends.local.containers import containers  # the Docker client: 0.2 s

            runner, package = stack.enter_context(containers(run.run_id, artifacts, package))
        local.init(
            runner=runner,
            pipeline_root=str(artifacts),
            workspace_root=str(folder / "workspace"),  # without one every run leaves a folder among the temporary files
            raise_on_error=True,
            enable_caching=True,
            cache_root=str(folder / "cache"),
        )
        components.load_component_from_text(package)(**run.arguments())
