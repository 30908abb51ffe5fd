"""Every workaround of `kfp.local`: what goes wrong without it, and the issue that would end it.

They are for one version of kfp. When another is taken, look at each, then change `FOR_KFP`; a test compares it with
what is installed.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kfp.local import docker_task_handler, subprocess_task_handler
from kfp.local.status import Status

from pipelines.passed import ENGINE_TLS, FILES
from wafer.process import environment

if TYPE_CHECKING:
    from docker import DockerClient

FOR_KFP = "2.17.0"
EXECUTOR_INPUT = "--executor_input"
StartTask = Callable[[str, Sequence[str], Mapping[str, str]], bool]
_NO_NEWS = (  # a pipeline made for a cluster says more than a laptop needs; no issue, measured on 2.17.0
    ".*settings .* no effect in the current local runner.*",
    ".*non-Python base image.*",
)


def silence_warnings() -> None:
    """Say nothing of settings that are meant for the cluster."""
    for message in _NO_NEWS:
        warnings.filterwarnings("ignore", message=message)


def keep_metrics(cache: Path) -> None:
    """Give every cached metrics artifact a file, so that a retry finds its stage finished.

    Metrics live in an artifact's metadata and have no file, which the cache takes for a lost artifact. No issue of its
    own, measured on 2.17.0; others of the same cache: https://github.com/kubeflow/pipelines/issues/13983. Artifacts are
    named by their whole path: after the home was moved or copied they are another's, and their stage runs again.
    """
    for entry in cache.glob("*.json"):
        outputs = json.loads(entry.read_text(encoding="utf-8")).values()
        artifacts = [each for each in outputs if isinstance(each, dict) and "uri" in each]
        if not all(Path(each["uri"]).is_relative_to(cache.parent) for each in artifacts):
            entry.unlink()
            continue
        for each in artifacts:
            if str(each.get("schema_title")).endswith("Metrics"):
                Path(each["uri"]).touch()


@contextmanager
def tasks_started_by(start: StartTask) -> Iterator[None]:
    """Let `start` run the tasks of a `SubprocessRunner`: it gets the component's source, arguments and environment.

    Its own handler starts a Python a task, and kfp has no place to name another. No issue, measured on 2.17.0. `start`
    raises `OSError` for a task that is to start in the ordinary way.
    """
    ordinary: Any = subprocess_task_handler.SubprocessTaskHandler

    class Task(ordinary):  # type: ignore[misc] # kfp has no types
        def run(self) -> Status:
            source, arguments = _component(self.full_command)
            try:
                ended_well = start(source, arguments, self.env_vars)
            except OSError as error:
                print(f"Could not be forked ({error}); the task starts by itself.", flush=True)  # noqa: T201 - the log
                return super().run()
            return Status.SUCCESS if ended_well else Status.FAILURE

    subprocess_task_handler.SubprocessTaskHandler = Task
    try:
        yield
    finally:
        subprocess_task_handler.SubprocessTaskHandler = ordinary


@contextmanager
def containers_checked(engine: str) -> Iterator[None]:
    """Run the tasks of a `DockerRunner` on this engine, as `CheckedTask`.

    The handler knows an engine by DOCKER_HOST alone. No issue, measured on 2.17.0.
    """
    ordinary = docker_task_handler.DockerTaskHandler
    docker_task_handler.DockerTaskHandler = CheckedTask
    try:
        with environment({"DOCKER_HOST": engine}):
            yield
    finally:
        docker_task_handler.DockerTaskHandler = ordinary


class CheckedTask(docker_task_handler.DockerTaskHandler):  # type: ignore[misc] # kfp has no types
    """A task in a container that succeeded only when the executor in it wrote its output.

    The handler asks for the exit code of a container that has removed itself, gets no answer and takes that for
    success: https://github.com/kubeflow/pipelines/issues/13332. The executor writes its output last, and never after a
    failure.
    """

    def get_volumes_to_mount(self, client: "DockerClient | None" = None) -> dict[str, Any]:
        """Mount the run's artifacts and the settings' certificates, for workers too, each at its own path.

        And no workspace, which no stage uses. No issue, measured on 2.17.0.
        """
        volumes: dict[str, Any] = super().get_volumes_to_mount(client)
        named = {path for name in (*FILES, ENGINE_TLS) if (path := os.environ.get(name, ""))}
        certificates = {path for path in named if Path(path).exists()}
        return {self.pipeline_root: volumes[self.pipeline_root]} | {
            path: {"bind": path, "mode": "ro"} for path in certificates
        }

    def run(self) -> Status:
        """Run the container; what the engine refuses is a failed task and a line of the log."""
        from docker.errors import DockerException  # 0.2 s, only for runs in containers

        try:
            ended: Status = super().run()
        except DockerException as error:
            print(f"The container engine refused {self.image}: {error}", flush=True)  # noqa: T201 - the run's log
            return Status.FAILURE
        return ended if _executor_output(self.full_command).is_file() else Status.FAILURE


def _component(command: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Source and arguments of a component. A handler gets both in one list: kfp offers it nothing with names."""
    first = command.index(EXECUTOR_INPUT)
    return command[first - 1], command[first:]


def _executor_output(command: Sequence[str]) -> Path:
    executor_input = json.loads(command[command.index(EXECUTOR_INPUT) + 1])
    return Path(executor_input["outputs"]["outputFile"])
