"""Fixtures of the application's tests: a served application over a fake backend."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from application.access.keys import Keys
from application.access.sessions import Link, Sessions
from application.ledger.sqlite import SQLiteLedger
from application.service.gate import Gate, Limiters
from application.service.parts import join_parts
from application.service.settings import ServiceSettings
from application.tests.fakes import FakeBackend, FakeRegistry
from application.tests.serving import MakeService, Service, serve_in_thread, unlimited
from wafer.storage import open_store


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[MakeService]:
    """Parts over fakes; with `served` also at an address of 127.0.0.1."""
    made: list[Callable[[], None]] = []

    def make(*, served: bool = True, link: bool = False, limiters: Limiters | None = None, **settings: Any) -> Service:
        store = open_store(str(tmp_path / "store"))
        ledger = SQLiteLedger(tmp_path / "ledger.sqlite")
        keys = Keys(tmp_path / "keys.json")
        once = Link() if link else None
        gate = Gate(keys, Sessions(b"secret", keys, local=link), limiters or unlimited(), once)
        backend, registry = FakeBackend(store), FakeRegistry()
        chosen = ServiceSettings(**{"WAFER_HOSTS": "127.0.0.1", **settings})
        parts = join_parts(chosen, store=store, ledger=ledger, backend=backend, registry=registry, gate=gate)
        service = Service(parts, store, ledger, backend, registry, keys, once)
        if served:
            service.url, stop = serve_in_thread(parts)
            made.append(stop)
        made.append(ledger.close)
        return service

    yield make
    for close in made:
        close()


@pytest.fixture
def service(make_service: MakeService) -> Service:
    return make_service()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Point the AWS environment at an endpoint."""

    def point(endpoint: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        for name, value in (
            ("ACCESS_KEY_ID", "test"),
            ("SECRET_ACCESS_KEY", "test"),
            ("REGION", "us-east-1"),
            ("DEFAULT_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(f"AWS_{name}", os.environ.get(f"AWS_{name}", value))

    return point
