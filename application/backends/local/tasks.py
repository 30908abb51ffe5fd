"""Tasks of an embedded run as forks of one process that has their packages loaded: the standard library's fork server.

It starts before the worker imports anything, and imports on a core that the worker leaves idle (ADR 0010).
"""

import multiprocessing
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path

from wafer.process import environment, take_environment

_CONTEXT = multiprocessing.get_context("forkserver")


def start_server(modules: Iterable[str]) -> None:
    """Begin to import what the tasks of this process need; the server ends with this process."""
    _CONTEXT.set_forkserver_preload([__name__, *modules])
    with environment({"_KFP_RUNTIME": "true"}):  # a component imports a part of kfp
        forkserver.ensure_running()


def run_task(source: str, arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Run a KFP component in a process of its own and say whether it came to its end.

    The process says so itself: a task outlives its server, and an exit code would be lost with that. Raises `OSError`
    when no process was started.
    """
    reading, writing = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_be_task, args=(writing, source, list(arguments), dict(variables)))
    with reading:
        with writing:
            try:
                process.start()
            except EOFError as error:
                raise ChildProcessError("the fork server ended before the task started") from error
        ended_well = _hears(reading)
    process.join()
    return ended_well


def _hears(reading: Connection) -> bool:
    try:
        reading.recv_bytes()
    except EOFError:
        return False
    return True


def _be_task(done: Connection, source: str, arguments: list[str], variables: dict[str, str]) -> None:
    from kfp.dsl import executor_main  # the worker needs none of it

    take_environment(variables)
    Path("/proc/self/comm").write_text(arguments[arguments.index("--function_to_execute") + 1], encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="wafer-task-", ignore_cleanup_errors=True) as folder:
        program = Path(folder) / "component.py"
        program.write_text(source, encoding="utf-8")
        sys.argv = ["executor_main", "--component_module_path", str(program), *arguments]
        executor_main.executor_main()
    done.send_bytes(b"done")
