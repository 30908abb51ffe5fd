"""What a command printed; and commands in the process of the test, without their seconds of imports.

That each also starts as a process of its own is proven in `tests/test_stage_commands.py` and `test_cli.py`.
"""

import io
import json
import runpy
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import structlog


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
    return end_of(lambda: runpy.run_module(stage, run_name="__main__"), stage, *arguments)


def end_of(program: Callable[[], object], *words: object) -> Ended:
    """Run a program that looks at `sys.argv`, which is these words, to its end."""
    code = 0
    out, err = io.StringIO(), io.StringIO()
    with patch("sys.argv", list(map(str, words))), redirect_stdout(out), redirect_stderr(err):
        try:
            program()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            structlog.reset_defaults()  # its logs went to the output that ends here
    return Ended(code, out.getvalue(), err.getvalue())
