"""A process that has what the stages import, and becomes each of them by a fork.

The packages of one run's stages take seven seconds to import, one process after the other. This server imports them
once, on a core that the first stages leave idle, and forks a child for every task it is asked for. It does one thing at
a time, so that a fork never copies a half-done import. Arguments: SOCKET MODULE...
"""

import json
import os
import select
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from wafer.process import (
    end_at_once,
    pause_the_collector,
    restrain_mlflow,
    resume_the_collector,
    share_what_is_imported,
    take_environment,
)

REAP_SECONDS = 0.2
MOST_BYTES = 4096  # of a path
STARTED, DONE = b"s", b"0"  # what a task reports
TASK, PROGRAM = "task.json", "component.py"  # in the folder that is asked for


def main() -> None:
    """Import the modules named on the command line and fork on demand, until the other end of the socket is closed."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    restrain_mlflow()
    pause_the_collector()
    waiting = sys.argv[2:]
    while True:
        asked = bool(select.select([channel], [], [], 0 if waiting else REAP_SECONDS)[0])
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if asked and not _answer(channel):
            return
        if waiting and not asked:
            _preload(waiting.pop(0))


def _preload(name: str) -> None:
    with suppress(Exception):  # the stage that needs it will fail on it and say so
        import_module(name)
    share_what_is_imported()


def _answer(channel: socket.socket) -> bool:
    """Fork a child for the next task; whether there will be others."""
    message, descriptors, _, _ = socket.recv_fds(channel, MOST_BYTES, 1)
    if not message:
        return False
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork() == 0:
        channel.close()
        _run(Path(os.fsdecode(message)), descriptors[0])
    for descriptor in descriptors:
        os.close(descriptor)
    return True


def _run(folder: Path, report: int) -> NoReturn:
    """Be the process of the task in a folder: report that it started, run it, report that it ended well, end."""
    code = 1
    try:
        os.write(report, STARTED)
        code = _execute(folder)
        sys.stdout.flush()
        sys.stderr.flush()
        if code == 0:
            os.write(report, DONE)
    finally:
        end_at_once(code)


def _execute(folder: Path) -> int:
    from kfp.dsl import executor_main  # the server has imported it: the first of what it preloads

    task = json.loads((folder / TASK).read_text(encoding="utf-8"))
    arguments: list[str] = task["arguments"]
    take_environment(task["environment"])
    resume_the_collector()
    Path("/proc/self/comm").write_text(arguments[arguments.index("--function_to_execute") + 1], encoding="utf-8")
    sys.argv = ["executor_main", "--component_module_path", str(folder / PROGRAM), *arguments]
    try:
        executor_main.executor_main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
    end_at_once(0)  # the run waits for it
