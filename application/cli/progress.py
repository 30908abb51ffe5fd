"""How a run looks in a terminal: one line a stage, growing while it runs."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from application.runs.run import Run
from pipelines.table import label, summary
from wafer.runs import TaskRecord

SIGNS = {"starting": "[yellow]○[/]", "running": "[yellow]●[/]", "succeeded": "[green]✓[/]", "failed": "[red]✗[/]"}
_BAR = 24  # characters


class Progress:
    """Shows stages as they start and end; in a pipe each finished stage is one plain line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._told: set[str] = set()

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """Keep the terminal's live display for the time of a run."""
        if not self._console.is_terminal:
            yield self
            return
        with Live(console=self._console, refresh_per_second=8, transient=False) as self._live:
            yield self

    def __call__(self, run: Run) -> None:
        """Show the run's tasks as they are now."""
        if self._live:
            self._live.update(_grid(run.tasks))
            return
        for record in run.tasks:
            if record.ended and record.name not in self._told:
                self._told.add(record.name)
                sign = "ok  " if record.state == "succeeded" else "FAIL"
                told = f"{label(record.name):<22} {record.seconds:6.1f} s  {summary(record.name, record.counts)}"
                self._console.print(f"  {sign} {told}", markup=False)


def _grid(records: Sequence[TaskRecord]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for record in records:
        seconds = record.seconds if record.ended else time.time() - record.started
        grid.add_row(SIGNS[record.state], label(record.name), f"{seconds:.1f} s", _told(record))
    return grid


def _told(record: TaskRecord) -> RenderableType:
    """What a task waits for, how far it has come, or what it counted."""
    if record.state == "starting" and record.error:
        return record.error.message
    if record.progress is None:
        return summary(record.name, record.counts)
    bar = ProgressBar(total=record.progress.of, completed=record.progress.done, width=_BAR)
    line = Table.grid(padding=(0, 1))
    line.add_row(bar, str(record.progress))
    return line
