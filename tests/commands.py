"""What a command printed; and the command of a stage in the process of the test, without its seconds of imports.

That each command also starts as a process of its own is proven once, in `tests/test_stage_commands.py`.
"""

import io
import json
import runpy
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The last line, which is where a command asked for JSON prints it."""
        return dict(json.loads(self.out.splitlines()[-1]))


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
