"""The command of a stage inside the process of the test: what `python -m STAGE` does, without its seconds of imports.

That each command also starts as a process of its own is proven once, in `tests/test_stage_commands.py`.
"""

import io
import runpy
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch


@dataclass(frozen=True, slots=True)
class Ended:
    """Exit code and output of a command."""

    returncode: int
    stdout: str
    stderr: str


def call(stage: str, *arguments: object) -> Ended:
    """Run the command of a stage to its end."""
    code = 0
    out, err = io.StringIO(), io.StringIO()
    with patch("sys.argv", [stage, *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try:
            runpy.run_module(stage, run_name="__main__")
        except SystemExit as end:
            code = int(end.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())
