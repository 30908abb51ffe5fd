"""Fixtures of the application's tests: a served application over a fake backend."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from application.tests.serving import MakeService, Service, open_service


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[MakeService]:
    """Serve parts over fakes, with settings of their own."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(partial(open_service, tmp_path)(**given))


@pytest.fixture
def service(make_service: MakeService) -> Service:
    return make_service()


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all tests of a module that leave no trace in it."""
    with open_service(tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Point the AWS environment at an endpoint."""

    def point(endpoint: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        given = {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}
        for name, value in {**given, "REGION": "us-east-1", "DEFAULT_REGION": "us-east-1"}.items():
            monkeypatch.setenv(f"AWS_{name}", os.environ.get(f"AWS_{name}", value))

    return point


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def table(aws_endpoint: str, aws: Callable[[str], None]) -> str:
    """A table as the Terraform module makes it."""
    aws(aws_endpoint)
    name = f"ledger-{uuid4().hex}"
    keys = (("pk", "HASH"), ("sk", "RANGE"))
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],  # type: ignore[typeddict-item]
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return name
