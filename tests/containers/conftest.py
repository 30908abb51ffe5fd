"""Fixtures over the images of `make images`: podman, the images, and runs whose stages are containers."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
from pymongo import MongoClient

from application.synthetic import write_synthetic
from conftest import skip_or_fail
from pipelines.images import STAGES
from tests.commands import Ended
from tests.servers.fixtures import S3Server
from tests.servers.parts import start_mlflow

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAMES = (*STAGES, "application")
WAFER = [sys.executable, "-c", "from application.cli.app import main; main()"]


def run(command: list[str], environment: dict[str, str] | None = None, seconds: float = 60) -> Ended:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Image:
    """An image on this machine."""

    name: str
    reference: str
    facts: dict[str, Any]  # what `podman image inspect` says

    def run(
        self, *command: str, entrypoint: str = "env", user: str = "1000:1000", options: tuple[str, ...] = ()
    ) -> Ended:
        """A command in a strict container."""
        given = [f"--entrypoint={entrypoint}", f"--user={user}", *options]
        return run(["podman", "run", "--rm", *STRICT, *given, self.reference, *command])

    def python(self, program: str) -> Ended:
        return self.run("python3", "-c", program)


def _most(number: int, wanted: int) -> int:
    allowed = resource.getrlimit(number)[1]
    return wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)


LIMITS = {"nofile": _most(resource.RLIMIT_NOFILE, 20_000), "nproc": _most(resource.RLIMIT_NPROC, 4_096)}
# As strict as a cluster: no capability, no network, and only /tmp can be written.
STRICT = (
    *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"),
    *(f"--ulimit={name}={most}:{most}" for name, most in LIMITS.items()),
)


@pytest.fixture(scope="session")
def images() -> dict[str, Image]:
    """Every image of `make images` by its name."""
    if shutil.which("podman") is None:
        skip_or_fail("there is no podman on this machine")
    references = {name: f"localhost/wafer-fault/{name}:dev" for name in NAMES}
    missing = [name for name, reference in references.items() if run(["podman", "image", "exists", reference]).code]
    if missing:
        skip_or_fail(f"`make images` has not built: {', '.join(missing)}")
    facts = {each["Id"]: each for each in json.loads(run(["podman", "image", "inspect", *references.values()]).out)}
    named = {tag: each for each in facts.values() for tag in each["RepoTags"]}
    return {name: Image(name, reference, named[reference]) for name, reference in references.items()}


@pytest.fixture(params=NAMES)
def image(request: pytest.FixtureRequest, images: dict[str, Image]) -> Image:
    return images[request.param]


@dataclass(frozen=True, slots=True)
class Line:
    """A production line in small: a bucket with batches, and the settings that runs in containers need."""

    source: str
    environment: dict[str, str]

    def wafer(self, *words: str) -> Ended:
        return run([*WAFER, *words], self.environment, seconds=500)

    def upload(self, folder: Path, to: str) -> str:
        """Put a folder's files below the source; their address."""
        address = urlsplit(f"{self.source}/{to}")
        for path in folder.iterdir():
            s3(self.environment).upload_file(str(path), address.netloc, f"{address.path.strip('/')}/{path.name}")
        return address.geturl()


def s3(environment: Mapping[str, str]) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )


@pytest.fixture(scope="session")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic batches: `training/` and `prediction/`."""
    written = write_synthetic(tmp_path_factory.mktemp("batches"), training_files=5, prediction_files=2)
    return written.training.parent


@pytest.fixture(scope="session")
def line(
    images: dict[str, Image],
    s3_server: S3Server,
    mongodb_server: str,
    batches: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Line]:
    """MinIO, the MongoDB-wire server and an MLflow server with its artifacts in MinIO; the batches in a new bucket."""
    assert images
    ours = {"DOCKER_HOST", "WAFER_HOME", "WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI"}
    name = f"wafer-containers-{uuid4().hex}"
    with _bucket(name, s3_server.environment) as bucket, _database(mongodb_server, name) as mongodb:
        folder = tmp_path_factory.mktemp("containers")
        with start_mlflow(folder / "mlflow", f"{bucket}/mlflow", s3_server.environment) as mlflow:
            line = Line(
                f"{bucket}/raw",
                {
                    **{name: value for name, value in os.environ.items() if name not in ours},
                    **s3_server.environment,
                    "WAFER_HOME": str(folder / "home"),
                    "WAFER_STORE": f"{bucket}/store",
                    "MONGODB_URI": mongodb,
                    "MLFLOW_TRACKING_URI": mlflow.url,
                },
            )
            for kind in ("training", "prediction"):
                line.upload(batches / kind, kind)
            yield line


@contextmanager
def _bucket(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    client = s3(environment)
    client.create_bucket(Bucket=name)
    yield f"s3://{name}"
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        client.delete_objects(Bucket=name, Delete={"Objects": [{"Key": each["Key"]} for each in page["Contents"]]})
    client.delete_bucket(Bucket=name)


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with MongoClient[dict[str, object]](server) as client:
        client.drop_database(name)
