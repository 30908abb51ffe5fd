"""Fixtures for tests over real servers, registered by the root `conftest.py`.

Each takes the server that a variable names (`WAFER_TEST_S3`, `WAFER_TEST_MONGODB`, `WAFER_TEST_MLFLOW`,
`WAFER_TEST_TOXIPROXY`) or starts one, once in every test process and only when a test asks for it. Where none can be
had the test is skipped, or fails under `WAFER_REQUIRE=all`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
from pymongo import MongoClient

from conftest import skip_or_fail
from tests.servers.binaries import CannotBuild, program
from tests.servers.parts import S3_CREDENTIALS, start_minio, start_mlflow, start_mongodb, start_toxiproxy
from tests.servers.server import Server
from tests.servers.toxiproxy import Proxy, Toxiproxy


@dataclass(frozen=True, slots=True)
class S3Server:
    """An S3 server and the AWS environment that reaches it."""

    endpoint: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """MinIO, or the server at `WAFER_TEST_S3` with the credentials of the AWS environment."""
    with _given_or_started("WAFER_TEST_S3", start_minio) as endpoint:
        given = bool(os.environ.get("WAFER_TEST_S3"))
        credentials = {name: os.environ.get(name, value) if given else value for name, value in S3_CREDENTIALS.items()}
        yield S3Server(endpoint, {"AWS_ENDPOINT_URL": endpoint, **credentials})


@pytest.fixture
def s3_bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new bucket as `s3://name`, with the AWS environment of the test pointing at its server."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.Session().resource("s3").create_bucket(Bucket=f"wafer-test-{uuid4().hex}")
    yield f"s3://{bucket.name}"
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[str]:
    """URI of a MongoDB server, without a database: `mongodb://host:port/`."""
    with _given_or_started("WAFER_TEST_MONGODB", start_mongodb) as uri:
        yield uri


@pytest.fixture
def mongodb_database(mongodb_server: str) -> Iterator[str]:
    """URI of a new database that is dropped after the test: `mongodb://host:port/name`."""
    name = f"wafer-test-{uuid4().hex}"
    yield urlsplit(mongodb_server)._replace(path=f"/{name}").geturl()
    with MongoClient[dict[str, object]](mongodb_server) as client:
        client.drop_database(name)


@pytest.fixture(scope="session")
def mlflow_server() -> Iterator[str]:
    """URI of an MLflow server."""
    with _given_or_started("WAFER_TEST_MLFLOW", start_mlflow) as uri:
        yield uri


@pytest.fixture(scope="session")
def toxiproxy_server() -> Iterator[Toxiproxy]:
    """A toxiproxy; most tests want `proxy_to`."""
    with _given_or_started("WAFER_TEST_TOXIPROXY", start_toxiproxy) as url:
        yield Toxiproxy(url)


@pytest.fixture
def proxy_to(toxiproxy_server: Toxiproxy) -> Iterator[Callable[[int], Proxy]]:
    """Open a proxy to a port of 127.0.0.1 that is removed after the test."""
    proxies = []

    def open_proxy(port: int) -> Proxy:
        proxies.append(toxiproxy_server.proxy_to(port))
        return proxies[-1]

    yield open_proxy
    for proxy in proxies:
        proxy.remove()


@contextmanager
def _given_or_started(variable: str, start: Callable[[Path], Server]) -> Iterator[str]:
    given = os.environ.get(variable)
    if given:
        yield given
        return
    with TemporaryDirectory(prefix="wafer-server-") as folder:
        try:
            server = start(Path(folder))
        except CannotBuild as exc:
            skip_or_fail(f"{variable} names no server and none can be built here: {exc}")
        with server:
            yield server.url


def program_or_skip(name: str) -> str:
    """Path of a program, or no test."""
    try:
        return str(program(name))
    except CannotBuild as exc:
        skip_or_fail(str(exc))
        raise
