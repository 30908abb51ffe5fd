"""A backend that executes the compiled packages in this process, task by task: for stories that are not about it."""

import os
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

from kfp import components, local
from kfp.dsl import executor_main

from application.backends.local.kfp_patches import keep_metrics, silence_warnings, tasks_started_by
from application.runs.log import LogLine, log_lines
from application.runs.run import BackendName, Run
from pipelines.packages import embedded_package
from wafer.process import environment
from wafer.runs import judge, task_records
from wafer.store import Store


class InProcessBackend:
    """A run has ended when its start returns."""

    name: BackendName = "embedded"
    at_once = 1
    retried_elsewhere = False
    auto_retries = 0
    lease_seconds = 600.0
    look_seconds = 0.0

    def __init__(self, home: Path, store: Store) -> None:
        self._home = home
        self._store = store

    def start(self, run: Run) -> str:
        """Execute a run to its end."""
        folder = self._home / "runs" / run.run_id
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "run.log").open("a") as log, redirect_stdout(log), redirect_stderr(log):
            keep_metrics(folder / "cache")
            silence_warnings()
            with tasks_started_by(_run_task):
                local.init(
                    runner=local.SubprocessRunner(use_venv=False),
                    pipeline_root=str(folder / "artifacts"),
                    workspace_root=str(folder / "workspace"),
                    raise_on_error=False,
                )
                components.load_component_from_text(embedded_package(run.pipeline))(**run.arguments())
        return run.run_id

    def look(self, run: Run) -> Run:
        """The run as it ended."""
        return run.ended(judge(self._store, run.run_id, run.pipeline), task_records(self._store, run.run_id))

    def log(self, run: Run) -> list[LogLine]:
        """What the tasks wrote."""
        with (self._home / "runs" / run.run_id / "run.log").open() as lines:
            return list(log_lines(lines))

    def cancel(self, run: Run) -> None:
        """It has ended."""

    def retry(self, run: Run) -> None:
        """Execute it again."""
        self.start(replace(run, attempt=1))

    def forget(self, run: Run) -> None:
        """Keep what the test may want to see."""

    def recent(self, known: Collection[str] = ()) -> list[Run]:
        """Nothing."""
        return []

    def schedule(self, cron: str, image: str) -> None:
        """Keep none."""

    def check(self) -> None:
        """It is there."""


def _run_task(source: str, arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    given = sys.argv
    with tempfile.TemporaryDirectory() as folder, environment({**os.environ, **variables}):
        program = Path(folder) / "component.py"
        program.write_text(source, encoding="utf-8")
        sys.argv = ["executor_main", "--component_module_path", str(program), *arguments]
        try:
            executor_main.executor_main()
        finally:
            sys.argv = given
    return True
