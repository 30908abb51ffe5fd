"""The worker process of one embedded run, which executes the compiled package through `kfp.local`.

Standard output and error go to the run's log; what people see is told by the stages' records in the store.
"""

import sys
from pathlib import Path

from application.backends.local.attendance import end_with_command
from application.backends.local.tasks import run_task, start_server
from pipelines.table import branches, preload
from wafer.process import end_at_once


def main() -> int:
    """Run the package of the run, pipeline and runner named on the command line; returns 1 when a stage failed.

    A further word says that a command attends the run.
    """
    run_id, pipeline, runner, *attended = sys.argv[1:]
    if runner != "containers":
        start_server(preload(pipeline), branches(pipeline))
    if attended:
        end_with_command(Path.cwd())
    # Takes 0.8 s to import, most of it kfp: the server has begun to import the stages' packages by then.
    from application.backends.local.execution import execute

    return execute(run_id, None if runner == "containers" else run_task)


if __name__ == "__main__":
    end_at_once(main())  # whoever follows the run waits for it
