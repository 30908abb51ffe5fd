"""Runs a server for whoever holds the other end of standard input, and ends it when told or when they are gone.

A killed test run has no chance to stop its servers; a pipe that closes does not need one.
"""

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress

LOOK_SECONDS = 0.2
POLITE_SECONDS = 10.0


def main() -> int:
    """Run the command of the arguments; its exit code."""
    server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    while server.poll() is None and not select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
        pass
    _end(server)
    return server.returncode


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and its children: politely, and by force if that takes too long."""
    _signal_group(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(POLITE_SECONDS)
    _signal_group(server.pid, signal.SIGKILL)
    server.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # all of them have ended
        os.killpg(pid, number)


if __name__ == "__main__":
    sys.exit(main())
