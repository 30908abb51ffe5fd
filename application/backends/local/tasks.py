"""Tasks of an embedded run as forks of one process that has their packages loaded: the standard library's fork server.

It starts before the worker imports anything, and imports on a core that the worker leaves idle. A task with packages of
its own has a process from the start of the run, which imports them while other tasks work (ADR 0010).
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread

from wafer.process import end_group, environment, name_process, take_environment

_COMPONENT = "--function_to_execute"
_CONTEXT = multiprocessing.get_context("forkserver")
_STARTING = ThreadPoolExecutor(1)  # the server answers when it has imported
_ahead: "dict[str, Future[_TaskProcess]]" = {}


def start_server(modules: Iterable[str], ahead: Mapping[str, Sequence[str]]) -> None:
    """Begin to import what the tasks of this process need; the server ends with this process.

    `ahead`: component -> what it imports in its own process, which begins as soon as the server is ready.
    """
    _CONTEXT.set_forkserver_preload([__name__, *modules])
    with environment({"_KFP_RUNTIME": "true"}):  # a component imports a part of kfp
        forkserver.ensure_running()
    _ahead.update({component: _STARTING.submit(_TaskProcess, names) for component, names in ahead.items()})


def run_task(source: str, arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Run a KFP component in a process of its own and say whether it came to its end.

    The process says so itself: a task outlives its server, and an exit code would be lost with that. Raises `OSError`
    when no process was started.
    """
    component = arguments[arguments.index(_COMPONENT) + 1]
    started = _ahead.pop(component, None)
    process = started.result() if started else _TaskProcess()
    return process.ends_well(source, arguments, variables)


class _TaskProcess:
    """A fork of the server that imports and then waits for its task; it ends with this process unless it has one."""

    def __init__(self, imports: Sequence[str] = ()) -> None:
        self._pipe, its = _CONTEXT.Pipe()
        # One that may never have a task must not be waited for; others may have processes of their own.
        self._process = _CONTEXT.Process(target=_be_task, args=(its, list(imports)), daemon=bool(imports))
        with its:
            try:
                self._process.start()
            except EOFError as error:
                raise ChildProcessError("the fork server ended before the task started") from error

    def ends_well(self, source: str, arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
        """Run the task and say whether it came to its end."""
        with self._pipe:
            self._pipe.send((source, list(arguments), dict(variables), os.getpid()))
            done = self._hears()
        self._process.join()
        return done

    def _hears(self) -> bool:
        try:
            self._pipe.recv_bytes()
        except (EOFError, ConnectionError):
            return False
        return True


def _be_task(pipe: Connection, imports: Sequence[str]) -> None:
    for name in imports:
        with suppress(ImportError):  # the task says what it lacks
            import_module(name)
    try:
        source, arguments, variables, worker = pipe.recv()
    except EOFError:  # no task came
        return
    done = Event()
    Thread(target=_end_with, args=(worker, pipe, done), name="worker", daemon=True).start()
    from kfp.dsl import executor_main  # the worker needs none of it

    take_environment(variables)
    name_process(arguments[arguments.index(_COMPONENT) + 1])
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
