"""The workarounds of `kfp.local` are for the kfp that is installed, and end with their block."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
from kfp.local import subprocess_task_handler
from kfp.local.config import SubprocessRunner
from kfp.local.status import Status

from application.backends.local.containers import settings_in
from application.backends.local.kfp_patches import FOR_KFP, CheckedTask, keep_metrics, tasks_started_by

COMMAND = ["sh", "-c", "python3 -m kfp.dsl.executor_main", "def component(): ...", "--executor_input", "{}", "--x", "y"]
CACHED = {"metrics": "system.Metrics", "curve": "system.ClassificationMetrics", "model": "system.Model"}


def test_the_workarounds_are_for_the_kfp_that_is_installed() -> None:
    assert version("kfp") == FOR_KFP, "look at each of kfp_patches.py before you change FOR_KFP"


@pytest.mark.parametrize(("ended_well", "status"), [(True, Status.SUCCESS), (False, Status.FAILURE)])
def test_a_task_gets_source_arguments_and_environment(ended_well: bool, status: Status) -> None:
    asked = []

    def start(source: str, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        asked.append((source, arguments, environment))
        return ended_well

    with tasks_started_by(start):
        task = subprocess_task_handler.SubprocessTaskHandler(
            "python", COMMAND, "/nowhere", SubprocessRunner(use_venv=False), {"A": "b"}
        )
        assert task.run() == status

    assert asked == [("def component(): ...", ["--executor_input", "{}", "--x", "y"], {"A": "b"})]


def test_the_ordinary_handler_is_back_after_the_block() -> None:
    ordinary = subprocess_task_handler.SubprocessTaskHandler

    with tasks_started_by(lambda *_: True):
        assert subprocess_task_handler.SubprocessTaskHandler is not ordinary

    assert subprocess_task_handler.SubprocessTaskHandler is ordinary


def test_only_cached_metrics_get_a_file(tmp_path: Path) -> None:
    outputs = {name: {"schema_title": title, "uri": str(tmp_path / name)} for name, title in CACHED.items()}
    (tmp_path / "entry.json").write_text(json.dumps(outputs | {"count": 3}))

    keep_metrics(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"entry.json", "metrics", "curve"}


def test_containers_find_the_workers_of_a_cluster_and_their_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    monkeypatch.setenv("WAFER_ENGINE_TLS", str(folder))
    given = {"WAFER_ENGINE": "tls://127.0.0.1:8786", "WAFER_ENGINE_TLS": str(folder), "HOME": str(folder.parent)}

    task = CheckedTask("image", [], str(tmp_path / "artifacts"), None)

    assert settings_in(given) == {name: given[name] for name in ("WAFER_ENGINE", "WAFER_ENGINE_TLS")}
    assert task.get_volumes_to_mount()[str(folder)] == {"bind": str(folder), "mode": "ro"}
