"""Predictions of the past, for the commands that tell of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from application.api.lines import Lines
from application.api.sources import Sources
from application.cli.console import quiet_logs
from application.registry import open_answering
from application.runs.opening import open_runs
from application.runs.service import Runs
from application.settings import ServiceSettings
from wafer.settings import Settings
from wafer.store import open_store

if TYPE_CHECKING:
    from application.api.history import History


@contextmanager
def open_history() -> Iterator[tuple[Runs, "History"]]:
    """The run service over this machine's settings, and what it predicted."""
    from application.api.history import History  # with pyarrow and numpy 0.3 s that most commands do not need

    quiet_logs()
    common, settings = Settings(), ServiceSettings()
    store = open_store(common.store_uri)
    lines = Lines(store, lambda name: open_answering(common.tracking_uri, name))
    with open_runs(common, settings) as runs:
        yield runs, History.of(store, runs, Sources(store, settings.allowed_sources), lines, common.documents_uri)
