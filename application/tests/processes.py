"""The real service and command as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

WAFER = [sys.executable, "-c", "from application.cli.app import main; main()"]


def environment(home: Path) -> dict[str, str]:
    ours = ("WAFER_", "KFP_", "MLFLOW_TRACKING_URI", "MONGODB_URI")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"WAFER_HOME": str(home)}


@contextmanager
def serving(
    home: Path, port: int = 0, log: Path | None = None, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service's process and what it printed at its start: the link, or the address.

    Its log goes to a file or to a pipe, which holds no more than a short test makes.
    """
    words = [*WAFER, "serve", "--port", str(port)]
    with ExitStack() as stack:
        out = stack.enter_context(log.open("a")) if log else subprocess.PIPE
        process = stack.enter_context(
            subprocess.Popen(words, env=environment(home) | settings, stdout=out, stderr=subprocess.PIPE, text=True)
        )
        assert process.stderr
        announced = next(line.strip() for line in process.stderr if "http://" in line)
        try:
            yield process, announced[announced.index("http://") :].split(";")[0]
        finally:
            process.terminate()


def wafer(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*WAFER, *words], env=environment(home), capture_output=True, text=True, check=False)


def origin(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}"
