"""What a terminal shows of a run while its tasks work."""

import io
import time
from dataclasses import replace

from rich.console import Console

from application.cli.progress import Progress as Shown
from application.runs.run import new_run
from wafer.progress import Progress
from wafer.runs import TaskRecord


def test_a_terminal_shows_how_far_a_running_task_has_come() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    fits = TaskRecord("train-global", "running", time.time(), progress=Progress(3, 9, "XGBoost fits"))
    run = new_run("train", "s3://bucket/drop", {})

    with Shown(console).shown() as shown:
        shown(replace(run, tasks=(fits,)))

    assert "3 of 9 XGBoost fits" in screen.getvalue()
    assert "━" in screen.getvalue()
