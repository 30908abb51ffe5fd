"""A task that would not fit into its memory says so before it works, with the figure that it needs."""

from pathlib import Path

import pytest

from wafer.errors import TaskTooLarge
from wafer.runs import run_stage, task_records
from wafer.runs.room import memory_allowed, require_room
from wafer.stages import Needs, Stage, Task
from wafer.store import open_store

HUGE = Stage((Task("train", "Train", needs=Needs(500, kib_a_wafer=10**9), item_label="Train part"),))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WAFER_STORE", str(tmp_path / "store"))
    return tmp_path


def count_wafers() -> None:
    with run_stage("validate", "run-1") as stage:
        stage.count(rows_in=1010, rows_good=1000)


@pytest.mark.parametrize("record", ["train", "train-3"])
def test_a_task_that_does_not_fit_ends_before_it_works(record: str, home: Path) -> None:
    count_wafers()
    worked = []

    with pytest.raises(SystemExit), run_stage(record, "run-1", declared=HUGE):
        worked.append(record)

    failed = {each.name: each for each in task_records(open_store(str(home / "store")), "run-1")}[record]
    assert not worked
    assert failed.error
    assert failed.error.code == "TASK_TOO_LARGE"
    assert "1,000 wafers need 976,563,000 MiB" in failed.error.message
    assert "wafer pipelines compile --wafers 1000" in failed.error.message


def test_a_task_that_fits_or_declares_nothing_works() -> None:
    small = Stage((Task("train", "Train", needs=Needs(1, kib_a_wafer=0.001)), Task("plain", "Plain")))
    count_wafers()
    worked = []

    for name in ("train", "plain"):
        with run_stage(name, "run-1", declared=small):
            worked.append(name)
    with run_stage("train", "a-run-without-validation", declared=HUGE):
        worked.append("alone")

    assert worked == ["train", "plain", "alone"]


def test_what_fits_exactly_is_let_through() -> None:
    needs = Needs(500, kib_a_wafer=2)

    require_room(needs, 1024, 502)
    with pytest.raises(TaskTooLarge, match=r"1,025 wafers need 503 MiB of memory in this task, and it may use 502 MiB"):
        require_room(needs, 1025, 502)


def machine(root: Path, files: dict[str, str]) -> Path:
    """A file system as the kernel shows it, with 8 GiB of memory."""
    texts = {"proc/meminfo": "MemTotal:        8388608 kB\nMemFree: 1 kB\n", "proc/self/cgroup": "0::/\n"}
    for name, text in (texts | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_the_least_of_the_machine_and_its_control_groups_counts(tmp_path: Path) -> None:
    limit = f"{2 * 2**30}\n"
    own = {"proc/self/cgroup": "0::/pods/wafer\n", "sys/fs/cgroup/pods/wafer/memory.max": "max\n"}
    machines = {
        "no limit": machine(tmp_path / "a", {"sys/fs/cgroup/memory.max": "max\n"}),
        "container": machine(tmp_path / "b", {"sys/fs/cgroup/memory.max": limit}),
        "group around": machine(tmp_path / "c", own | {"sys/fs/cgroup/pods/memory.max": limit}),
        "version 1": machine(
            tmp_path / "d",
            {"proc/self/cgroup": "4:memory:/x\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": limit},
        ),
        "version 1, none": machine(
            tmp_path / "e",
            {"proc/self/cgroup": "", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"},
        ),
    }

    allowed = {name: memory_allowed(root) for name, root in machines.items()}

    assert allowed == {
        "no limit": 8192,
        "container": 2048,
        "group around": 2048,
        "version 1": 2048,
        "version 1, none": 8192,
    }
