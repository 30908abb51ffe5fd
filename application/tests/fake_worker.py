"""A worker that does what it is told through a pipe: succeed, fail, or start a child and stay."""

import os
import subprocess
import sys
from pathlib import Path

from application.backends.local.attendance import ATTENDED, end_with_command
from wafer.settings import Settings
from wafer.store import open_store


def main() -> None:
    """Work for the run named on the command line."""
    run_id = sys.argv[1]
    if ATTENDED in sys.argv:
        end_with_command(Path.cwd())
    store = open_store(Settings().store_uri)
    pipes = Path(os.environ["WAFER_TEST_PIPES"])
    name = run_id if (pipes / run_id).exists() else "any"
    told = (pipes / name).read_text()
    from application.tests.leavings import leave_results, write_record

    if told == "succeed":
        leave_results(store, run_id, "train" if run_id.startswith("train") else "predict")
    elif told == "fail":
        error = {"code": "NO_GOOD_FILES", "message": "Every file was refused.", "retry_helps": False}
        write_record(store, run_id, "validate", "failed", error=error)
        sys.exit(1)
    elif told == "child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (pipes / f"{name}-child").write_text(str(child.pid))
        child.wait()


main()
