"""The worker process of one embedded run: executes the compiled package through `kfp.local`, stage by stage.

Standard output and error go to the run's log; what people see is told by the stages' records in the store.
"""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from application.backends.local.tasks import ForkServer, fork_server
from pipelines.table import preload
from wafer.process import end_at_once

if TYPE_CHECKING:
    from application.runs.run import Run


def main() -> None:
    """Run the package of the run, pipeline and runner named on the command line; exit code 1 when a stage failed."""
    run_id, pipeline, runner = sys.argv[1:]
    with ExitStack() as stack:
        server = None if runner == "containers" else stack.enter_context(fork_server(preload(pipeline)))
        _work(run_id, server)  # imports what it needs while the server does the same


def _work(run_id: str, server: ForkServer | None) -> None:
    from application.backends.local.processes import read_run, run_folder
    from wafer.errors import WaferError
    from wafer.settings import Settings

    settings = Settings()
    run = read_run(settings, run_id)
    folder = run_folder(settings, run.run_id)
    try:
        _execute(run, folder, server)
    except (RuntimeError, WaferError) as error:  # the first is kfp.local's only word for "a stage failed"
        sys.exit(str(error))


def _execute(run: "Run", folder: Path, server: ForkServer | None) -> None:
    from kfp import components, local

    from application.backends.local.kfp_patches import keep_metrics, silence_warnings, tasks_started_by
    from pipelines.packages import embedded_package

    keep_metrics(folder / "cache")
    silence_warnings()
    artifacts = folder / "artifacts"
    runner, package = local.SubprocessRunner(use_venv=False), embedded_package(run.pipeline)
    with ExitStack() as stack:
        if server:
            stack.enter_context(tasks_started_by(server.run))
        else:
            from application.backends.local.containers import containers

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


if __name__ == "__main__":
    main()
    end_at_once(0)  # whoever follows the run waits for it
