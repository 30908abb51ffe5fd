"""Tasks of an embedded run as forks of one process that has their packages loaded: the standard library's fork server.

It starts before the worker imports anything, and imports on a core that the worker leaves idle. It forks only when it
has imported everything. So tasks with large packages have a branch: a fork of the server that imports these while other
tasks work, and is then forked for each of its tasks (ADR 0010).
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from threading import Event, Thread

from pipelines.table import Branch
from wafer.process import end_group, environment, name_process, take_environment, when_it_ends

_COMPONENT = "--function_to_execute"
_FIRST = "application.backends.local.server"
_CONTEXT = multiprocessing.get_context("forkserver")
_FORK = multiprocessing.get_context("fork")
_STARTING = ThreadPoolExecutor(1)  # one branch imports after the other
_branches: "dict[str, Future[_BranchProcess]]" = {}  # by component


def start_server(modules: Iterable[str], branches: Iterable[Branch] = ()) -> None:
    """Begin to import what the tasks of this process need; the server ends with this process."""
    _CONTEXT.set_forkserver_preload([_FIRST, __name__, *modules])
    with environment({"_KFP_RUNTIME": "true"}):  # a component imports a part of kfp
        forkserver.ensure_running()
    for branch in branches:
        _branches.update(dict.fromkeys(branch.components, _STARTING.submit(_BranchProcess, branch.imports)))


def run_task(source: str, arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Run a KFP component in a process of its own and say whether it came to its end.

    The process says so itself: a task outlives its server, and an exit code would be lost with that. Raises `OSError`
    when no process was started.
    """
    ours, its = _CONTEXT.Pipe()
    with ours:
        with its:
            if not _forked_by_branch(_component(arguments), its):
                _fork(_be_task, its)
        if not _hears(ours):
            raise ChildProcessError("what was to be forked has ended")
        ours.send((source, list(arguments), dict(variables), os.getpid()))
        return _hears(ours)


class _BranchProcess:
    """A fork of the server that imports, and is then forked for its tasks; it ends with this process."""

    def __init__(self, imports: Sequence[str]) -> None:
        self._pipe, its = _CONTEXT.Pipe()
        when_it_ends(self._pipe.close)
        with its:
            _fork(_be_branch, its, list(imports))
        _hears(self._pipe)

    def fork(self, pipe: Connection) -> None:
        """Start a process for the task at the other end of a pipe. Raises `OSError` if the branch has ended."""
        send_handle(self._pipe, pipe.fileno(), None)


def _forked_by_branch(component: str, pipe: Connection) -> bool:
    try:
        _branches[component].result().fork(pipe)
    except (KeyError, OSError):  # it has none, or that has ended
        return False
    return True


def _fork(target: Callable[..., None], pipe: Connection, *arguments: object) -> None:
    try:
        _CONTEXT.Process(target=target, args=(pipe, *arguments)).start()
    except EOFError as error:
        raise ChildProcessError("the fork server has ended") from error


def _hears(pipe: Connection) -> bool:
    try:
        pipe.recv_bytes()
    except (EOFError, ConnectionError):
        return False
    return True


def _component(arguments: Sequence[str]) -> str:
    return arguments[arguments.index(_COMPONENT) + 1]


def _be_branch(pipe: Connection, imports: Sequence[str]) -> None:
    for name in imports:
        with suppress(ImportError):  # the task says what it lacks
            import_module(name)
    with suppress(EOFError, OSError):  # no more tasks come
        pipe.send_bytes(b"ready")
        while True:
            with Connection(recv_handle(pipe)) as task:
                _FORK.Process(target=_be_task, args=(task, pipe)).start()


def _be_task(pipe: Connection, *others: Connection) -> None:
    for other in others:
        other.close()
    pipe.send_bytes(b"started")
    source, arguments, variables, worker = pipe.recv()
    done = Event()
    Thread(target=_end_with, args=(worker, pipe, done), name="worker", daemon=True).start()
    from kfp.dsl import executor_main  # the worker needs none of it

    take_environment(variables)
    name_process(_component(arguments))
    with tempfile.TemporaryDirectory(prefix="wafer-task-", ignore_cleanup_errors=True) as folder:
        program = Path(folder) / "component.py"
        program.write_text(source, encoding="utf-8")
        sys.argv = ["executor_main", "--component_module_path", str(program), *arguments]
        executor_main.executor_main()
    done.set()
    pipe.send_bytes(b"done")


def _end_with(worker: int, pipe: Connection, done: Event) -> None:
    """End this task, and the group that its worker led, when the worker is gone: killed, it could not say so."""
    with suppress(EOFError, OSError):
        pipe.recv_bytes()  # nothing more comes
    if not done.is_set():
        end_group(worker)
