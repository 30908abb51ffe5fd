"""Work says how far it has come, and the record of its task tells it while the task runs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wafer.errors import StoreUnavailable
from wafer.progress import Progress, advance, counted, listening, report, reported, reported_rows
from wafer.runs import TaskRecord, run_stage, task_records
from wafer.store import open_store
from wafer.store.local import LocalStore

SECONDS = 20  # the machine may be busy
SEVERAL = 3  # records: of the begin and two more


class WatchedStore(LocalStore):
    """Keeps every record that is put, and can be away for one put."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.records: list[TaskRecord] = []
        self.away = False
        self.told = threading.Event()
        self.several = threading.Event()

    def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> None:
        record = TaskRecord.from_json(data)
        if record.progress:
            self.told.set()
            if self.away:
                self.away = False
                raise StoreUnavailable("The store is away.")
        super().put(key, data, only_if_absent=only_if_absent)
        self.records.append(record)
        if len(self.records) >= SEVERAL:
            self.several.set()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wafer.runs.live.SECONDS", 0.05)


def test_reports_reach_the_listener_of_the_moment_from_any_thread() -> None:
    heard: list[str] = []

    report(1, 3, "fits")
    with listening(lambda progress: heard.append(str(progress))):
        thread = threading.Thread(target=report, args=(1200, 4000, "wafers"))
        thread.start()
        thread.join()
        assert list(reported("ab", 2, "files")) == ["a", "b"]
    report(3, 3, "fits")

    assert heard == ["1,200 of 4,000 wafers", "1 of 2 files", "2 of 2 files"]


@pytest.mark.usefixtures("hurried")
def test_rows_and_steps_are_counted_as_they_are_done() -> None:
    heard: list[str] = []

    with listening(lambda progress: heard.append(str(progress))):
        assert list(reported_rows(["ab", "c"], 3, "rows")) == ["ab", "c"]
        with counted(9, "steps"), ThreadPoolExecutor(1) as pool:
            list(pool.map(advance, [1, 3]))
        advance()

    assert heard == ["2 of 3 rows", "3 of 3 rows", "1 of 9 steps", "4 of 9 steps"]


def test_a_task_that_takes_long_tells_in_its_record_and_log_how_far_it_has_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = WatchedStore(tmp_path)

    with run_stage("train-global", "run-1", store) as stage:
        stage.count(wafers=100)
        report(3, 9, "fits")
        assert store.told.wait(SECONDS)

    running = store.records[1]
    (ended,) = task_records(open_store(str(tmp_path)), "run-1")
    assert (running.state, running.counts, running.progress) == ("running", {"wafers": 100}, Progress(3, 9, "fits"))
    assert (ended.state, ended.progress) == ("succeeded", None)
    assert '"done": 3, "of": 9, "what": "fits"' in capsys.readouterr().out


def test_work_that_reports_nothing_is_told_to_be_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wafer.runs.live.SECONDS", 0.02)
    monkeypatch.setattr("wafer.runs.live.SILENT", 0.1)
    store = WatchedStore(tmp_path)

    with run_stage("cluster", "run-1", store):
        assert store.several.wait(SECONDS)  # without a report

    begun, *alive, ended = store.records
    assert [record.state for record in (begun, *alive, ended)] == ["running"] * (1 + len(alive)) + ["succeeded"]
    assert [record.progress for record in alive] == [None] * len(alive)
    assert begun.seconds < alive[0].seconds < alive[1].seconds


def test_a_short_task_leaves_no_more_records_than_its_begin_and_its_end(tmp_path: Path) -> None:
    store = WatchedStore(tmp_path)

    with run_stage("validate", "run-1", store):
        for file in range(1000):
            report(file, 1000, "files")

    assert [record.state for record in store.records] == ["running", "succeeded"]


@pytest.mark.usefixtures("hurried")
def test_a_store_that_is_away_does_not_end_the_work(tmp_path: Path) -> None:
    store = WatchedStore(tmp_path)
    store.away = True

    with run_stage("validate", "run-1", store):
        report(1, 9, "files")
        assert store.told.wait(SECONDS)
        store.told.clear()
        report(2, 9, "files")
        assert store.told.wait(SECONDS)

    assert [record.progress and record.progress.done for record in store.records] == [None, 2, None]


def test_records_from_before_there_was_progress_are_read() -> None:
    old = b'{"stage": "load", "state": "running", "started": 1.0, "seconds": 0.0, "counts": {}, "error": null}'

    assert TaskRecord.from_json(old).progress is None
