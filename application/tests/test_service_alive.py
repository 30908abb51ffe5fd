"""The service answers while a part of it is dead, to HEAD, and below a prefix."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from application.api.breaker import Breaker, guarded
from application.api.registry import LazyRegistry
from application.tests.serving import MakeService, Service
from wafer.errors import ModelNotFound, RegistryUnavailable
from wafer.patience import PERSON

THREADS = 40  # that answer requests


def test_health_and_readiness_do_not_wait_for_requests_that_wait(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, release = threading.Semaphore(0), threading.Event()

    def hang() -> list[object]:
        entered.release()
        release.wait(60)
        return []

    monkeypatch.setattr(service.registry, "versions", hang)
    with ThreadPoolExecutor(THREADS + 5) as pool, service.client("viewer") as client, service.client(None) as probe:
        asked = [pool.submit(client.get, "/models") for _ in range(THREADS + 5)]
        for _ in range(THREADS):
            entered.acquire()

        answers = [probe.get(path, timeout=10).status_code for path in ("/healthz", "/readyz")]
        release.set()
        late = {each.result().status_code for each in asked}

    assert answers == [200, 200]
    assert late <= {200, 503}  # of those that would have waited, after three seconds


def test_a_part_that_hangs_is_not_ready_and_does_not_hold_the_probe_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(service.backend, "check", lambda: release.wait(60))

    with service.client(None) as probe:
        answer = probe.get("/readyz", timeout=20)
        release.set()

    assert (answer.status_code, answer.json()["checks"]) == (503, {"store": True, "runs": False})


def test_a_dead_registry_is_asked_once_and_then_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.registry.PERSON", replace(PERSON, read=1))
    with socket.socket() as silent:  # takes connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        registry = guarded(LazyRegistry(uri), Breaker("the registry", RegistryUnavailable, slow=0.5, pause=600))

        with pytest.raises(RegistryUnavailable):
            registry.versions()
        began = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="does not answer"):
            registry.versions()

    assert time.monotonic() - began < 0.5


def test_a_part_that_answers_again_is_asked_again() -> None:
    answers = iter([RegistryUnavailable("away"), RegistryUnavailable("away"), None, None])
    breaker = Breaker("the registry", RegistryUnavailable, slow=0, pause=0)

    def ask() -> str:
        with breaker.call():
            if failure := next(answers):
                raise failure
            return "here"

    for _ in range(2):
        with pytest.raises(RegistryUnavailable):
            ask()
    assert [ask(), ask()] == ["here", "here"]


def test_calls_that_wait_are_limited_and_quick_failures_close_nothing() -> None:
    breaker = Breaker("the registry", RegistryUnavailable, slow=0, most=2)

    with breaker.call(), breaker.call(), pytest.raises(RegistryUnavailable, match="2 requests wait"), breaker.call():
        pass
    with pytest.raises(ModelNotFound), breaker.call():
        raise ModelNotFound("no such version")
    quick = Breaker("the registry", RegistryUnavailable)
    with pytest.raises(RegistryUnavailable), quick.call():
        raise RegistryUnavailable("refused")
    with quick.call():
        pass


def test_head_is_answered_as_get_without_a_body(service: Service, predicted: str) -> None:
    for path in ("/", "/healthz", "/runs", f"/runs/{predicted}/predictions.csv", f"/runs/{predicted}/events"):
        with service.client() as client:
            head, get = client.head(path), client.get(path)

        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-type"] == get.headers["content-type"]


def test_the_service_works_below_a_prefix_that_the_proxy_leaves_on_or_off(make_service: MakeService) -> None:
    service = make_service(WAFER_PREFIX="wafer/")
    source = service.batches("raw/predict/lot-1")

    with service.client() as client:
        bare, page = client.get("/wafer"), client.get("/wafer/")
        started = client.post("/wafer/predict", json={"source": source})
        found = [client.get(path).status_code for path in (started.headers["location"], "/runs", "/wafer/page/main.js")]
        document = client.get("/wafer/openapi.json").json()

    assert (bare.status_code, bare.headers["location"]) == (308, "/wafer/")
    assert (page.status_code, '"/page' in page.text) == (200, False)
    assert started.headers["location"].startswith("/wafer/runs/")
    assert found == [200, 200, 200]
    assert document["servers"] == [{"url": "/wafer"}]


def test_a_used_link_leads_back_below_the_prefix(make_service: MakeService, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    service = make_service(WAFER_PREFIX="/wafer", link=True)
    assert service.link

    answer = httpx.get(f"{service.url}/wafer/login", params={"token": service.link.token}, verify=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/wafer/")
