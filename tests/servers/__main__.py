"""All test servers at once for a person: `python -m tests.servers` in the root of the repository, until Ctrl-C."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from tests.servers.binaries import PACKAGES, PLATFORM, CannotBuild, program
from tests.servers.parts import S3_CREDENTIALS, start_minio, start_mlflow, start_mongodb, start_toxiproxy
from tests.servers.server import NotReady, Server

BUCKET = "wafer"


def main() -> int:
    """Build the servers, and unless only that was asked for run them; 1 where they cannot be built or started."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument(
        "--build", action="store_true", help="only build the programs; done at once when they are there"
    )
    parser.add_argument(
        "--platform", action="store_true", help="only build Kubernetes' and Argo CD's, which no other command does"
    )
    asked = parser.parse_args()
    try:
        for name in PLATFORM if asked.platform else PACKAGES:
            _say(str(program(name)))
        if not (asked.build or asked.platform):
            _run()
    except (CannotBuild, NotReady) as exc:
        _say(str(exc))
        return 1
    return 0


def _run() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with TemporaryDirectory(prefix="wafer-servers-") as folder, ExitStack() as stack:
        try:
            for name, value in _start_all(Path(folder), stack).items():
                print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201 - the output of this command
            _say("All are running; Ctrl-C stops them and removes what they hold.")
            signal.pause()
        except KeyboardInterrupt:
            _say("Stopping.")


def _start_all(folder: Path, stack: ExitStack) -> dict[str, str]:
    """Start every server; the environment that makes the tests and `wafer` use them."""

    def start(part: Callable[[], Server]) -> str:
        return stack.enter_context(part()).url

    s3 = start(lambda: start_minio(folder / "s3"))
    aws = {"AWS_ENDPOINT_URL": s3, **S3_CREDENTIALS}
    os.environ.update(aws)
    boto3.Session().client("s3").create_bucket(Bucket=BUCKET)
    mongodb = start(lambda: start_mongodb(folder / "mongodb"))
    mlflow = start(lambda: start_mlflow(folder / "mlflow", f"s3://{BUCKET}/mlflow", aws))
    toxiproxy = start(lambda: start_toxiproxy(folder / "toxiproxy"))
    tests = {"S3": s3, "MONGODB": mongodb, "MLFLOW": mlflow, "TOXIPROXY": toxiproxy}
    production = {"WAFER_STORE": f"s3://{BUCKET}/store", "MONGODB_URI": mongodb, "MLFLOW_TRACKING_URI": mlflow}
    return {f"WAFER_TEST_{name}": value for name, value in tests.items()} | aws | production


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the output of this command


if __name__ == "__main__":
    sys.exit(main())
