"""Fixtures of the application's tests: a served application over a fake backend."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from uuid import uuid4

import boto3
import pytest
from playwright.sync_api import Browser, Page

from application.tests.browser import chromium, installed_chromium, signed_in
from application.tests.kubeflow_server import KubeflowServer
from application.tests.real_models import Trained, train_two
from application.tests.serving import MakeService, Service, open_service
from conftest import skip_or_fail
from pipelines.packages import PIPELINES, package
from tests.servers.aws import moto_server
from wafer.store import open_store


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[MakeService]:
    """Serve parts over fakes, with settings of their own."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(partial(open_service, tmp_path)(**given))


@pytest.fixture
def service(make_service: MakeService) -> Service:
    return make_service()


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """The page of somebody who has signed in; the module says in which `ROLE`."""
    with signed_in(browser, service.url, service.key(request.module.ROLE)) as opened:
        yield opened


@pytest.fixture
def predicted(service: Service) -> str:
    """The id of a prediction that succeeded."""
    with service.client() as client:
        run_id = client.post("/predict", json={"source": service.batches("raw/predict/lot-1")}).json()["run_id"]
    service.backend.succeed(str(run_id))
    service.parts.runs.tick()
    return str(run_id)


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all tests of a module that leave no trace in it."""
    with open_service(tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KubeflowServer]:
    """A Kubeflow whose packages are those of the store."""
    made = KubeflowServer(open_store(str(tmp_path / "store")))
    for name in PIPELINES:
        made.store.put(f"pipelines/{name}.yaml", package(name).encode())
    yield made
    made.close()


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
    """An AWS of the tests' own."""
    server = moto_server()
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def table(aws_endpoint: str, aws: Callable[[str], None]) -> str:
    """A table as the Terraform module makes it."""
    aws(aws_endpoint)
    name = f"ledger-{uuid4().hex}"
    keys = (("pk", "HASH"), ("sk", "RANGE"))
    boto3.Session().client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],  # type: ignore[typeddict-item]
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture(scope="session")
def trained_line(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two real bundles."""
    return train_two(tmp_path_factory.mktemp("line"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """An installed Chromium."""
    found = installed_chromium()
    if not found:
        skip_or_fail("no Chromium is installed")
    with chromium(str(found)) as opened:
        yield opened
