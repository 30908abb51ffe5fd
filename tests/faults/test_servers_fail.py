"""S3, MongoDB and MLflow that answer with errors, slowly, half, or not at all, while a stage works with them."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faults.conftest import Told
from tests.faults.line import Line
from tests.faults.scale import EVERYTHING, scaled
from tests.faults.stages import Stage, start
from tests.faults.wire import Fault, failing, wire_to
from tests.faults.world import World, state
from tests.servers.fixtures import S3Server
from tests.servers.parts import start_mlflow
from tests.servers.toxiproxy import Proxy

pytestmark = pytest.mark.slow  # a line is made, and stages run in processes of their own

MOST_TRIES = 12
DAG = ("validate", "load", "promote", "outcome")
CHECKED = "published folders by sha256, documents, versions, aliases, history and runs equal"


@dataclass(frozen=True)
class Far:
    """A new world on servers, and who reaches it how."""

    world: World
    folder: Path
    environment: Mapping[str, str]
    numbers: Iterator[int]

    def through(self, **addresses: str) -> "Far":
        """The same world, reached at other addresses: `s3` (an endpoint), `documents`, `registry`."""
        s3 = {"AWS_ENDPOINT_URL": addresses.pop("s3")} if "s3" in addresses else {}
        return replace(self, world=replace(self.world, **addresses), environment={**self.environment, **s3})

    def run(self, name: str, line: Line) -> int:
        """Run a stage to its end; its exit code. A failure must be one that a user can read."""
        out = self.out(name)
        code = start(name, line, self.world, out, environment=self.environment).wait().code
        log_text = (out / "log.txt").read_text()
        assert code == 0 or ("Traceback" not in log_text and "_UNAVAILABLE" in log_text), log_text[-3000:]
        return code

    def out(self, name: str) -> Path:
        return self.folder / f"{next(self.numbers)}-{name}"

    def until_done(self, line: Line, stages: tuple[str, ...] = DAG) -> int:
        """Run the stages, each again until it succeeds, as a retried run does; how many runs that took."""
        tries = 0
        for name in stages:
            for _ in range(MOST_TRIES):
                tries += 1
                if self.run(name, line) == 0:
                    break
            else:
                raise AssertionError(f"{name} did not succeed in {MOST_TRIES} tries")
        return tries


@pytest.fixture
def new_far(
    s3_server: S3Server, s3_bucket: str, mongodb_database: str, tmp_path: Path, empty_registry: Path
) -> Iterator[Callable[..., Far]]:
    """Make an empty world on servers; only those who need its registry on a server too wait for that to start."""
    numbers = count()
    with ExitStack() as stack:

        def make(*, mlflow: bool) -> Far:
            number = next(numbers)
            folder = tmp_path / f"far-{number}"
            world = embedded(folder, empty_registry)
            if mlflow:
                world = replace(world, registry=stack.enter_context(start_mlflow(folder / "server")).url)
            world = replace(world, store=f"{s3_bucket}/store-{number}", documents=f"{mongodb_database}-{number}")
            return Far(world, folder, dict(os.environ) | s3_server.environment, count())

        yield make


def embedded(folder: Path, empty_registry: Path) -> World:
    (folder / "mlflow").mkdir(parents=True)
    shutil.copyfile(empty_registry, folder / "mlflow" / "mlflow.db")
    return World.below(folder)


@pytest.fixture
def far(new_far: Callable[..., Far]) -> Far:
    return new_far(mlflow=False)


@pytest.fixture
def far_with_mlflow(new_far: Callable[..., Far]) -> Far:
    return new_far(mlflow=True)


@pytest.fixture(scope="module")
def expected(line: Line, tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> dict[str, Any]:
    """What a run without any fault leaves, embedded: servers change nothing."""
    folder = tmp_path_factory.mktemp("expected")
    near = Far(embedded(folder, empty_registry), folder, dict(os.environ), count())
    assert near.until_done(line) == len(DAG)
    return state(near.world)


def port_of(address: str) -> int:
    port = urlsplit(address).port
    assert port
    return port


@pytest.mark.parametrize("percent", scaled([50], [0, 10, 50, 90]))
def test_errors_of_s3_change_nothing(
    percent: int, line: Line, far: Far, expected: dict[str, Any], s3_server: S3Server, tell: Told
) -> None:
    with wire_to(port_of(s3_server.endpoint)) as wire:
        wire.fault = failing(percent / 100)

        runs = far.through(s3=wire.endpoint).until_done(line)

    assert state(far.world) == expected
    extra = f"same result, {runs - len(DAG)} stage(s) run again" if runs > len(DAG) else "same result"
    tell(f"{percent} % of the calls to S3 fail ({len(wire.requests)} requests)", runs, extra, CHECKED)


@pytest.mark.skipif(not EVERYTHING, reason="takes two minutes; `make faults` waits for them")
def test_an_s3_that_only_fails_ends_in_a_clear_error_in_time(
    line: Line, far: Far, s3_server: S3Server, tell: Told
) -> None:
    with wire_to(port_of(s3_server.endpoint)) as wire:
        wire.fault = lambda _number: "refused"
        started = time.monotonic()
        there = far.through(s3=wire.endpoint)
        out = there.out("validate")

        stage = start("validate", line, there.world, out, None, there.environment)
        code = stage.wait(400).code
        seconds = time.monotonic() - started

    log_text = (out / "log.txt").read_text()
    assert code == 1
    assert "SlowDown" in log_text or "InternalError" in log_text
    assert "Try again when the store works" in log_text
    assert seconds < 200
    tell(
        "100 % of the calls to S3 fail", 1, f"a clear error after {seconds:.0f} s", "exit code 1, the message, < 200 s"
    )


WIRES: dict[str, Callable[[Proxy], None]] = {
    "0.2 s latency": lambda proxy: proxy.add("latency", latency=200, jitter=100),
    "a third of the connections reset": lambda proxy: proxy.add("reset_peer", share=0.33, timeout=5),
    "a third of the answers cut": lambda proxy: proxy.add("limit_data", share=0.33, bytes=400),
    "a third of the requests cut": lambda proxy: proxy.add("limit_data", upstream=True, share=0.33, bytes=700),
}


@pytest.mark.parametrize("what", scaled(["a third of the answers cut"], list(WIRES)))
def test_a_bad_wire_to_every_server_changes_nothing(
    what: str,
    line: Line,
    far_with_mlflow: Far,
    expected: dict[str, Any],
    s3_server: S3Server,
    proxy_to: Callable[[int], Proxy],
    tell: Told,
) -> None:
    far = far_with_mlflow
    proxies = {name: proxy_to(port_of(at)) for name, at in addresses(far, s3_server).items()}
    for proxy in proxies.values():
        WIRES[what](proxy)

    runs = far.through(**at_ports(far, {name: proxy.port for name, proxy in proxies.items()})).until_done(line)

    assert state(far.world) == expected
    tell(f"{what} (S3, MongoDB, MLflow)", runs, f"same result, {runs - len(DAG)} stage(s) run again", CHECKED)


OUTAGES = [("load", "documents"), ("promote", "registry"), ("promote", "s3")]


@pytest.mark.parametrize(("stage", "server"), scaled(OUTAGES[:2], OUTAGES))
def test_a_server_that_is_down_for_a_while_is_waited_for(
    stage: str,
    server: str,
    line: Line,
    new_far: Callable[..., Far],
    expected: dict[str, Any],
    s3_server: S3Server,
    proxy_to: Callable[[int], Proxy],
    tell: Told,
) -> None:
    far = new_far(mlflow=server == "registry")
    proxy = proxy_to(port_of(addresses(far, s3_server)[server]))
    there = far.through(**at_ports(far, {server: proxy.port}))
    there.until_done(line, DAG[: DAG.index(stage)])
    away = scaled(3, 30)

    proxy.cut()
    mending = Timer(away, proxy.mend)
    mending.start()
    started = time.monotonic()
    runs = there.until_done(line, (stage,))
    seconds = time.monotonic() - started
    mending.join()
    there.until_done(line, DAG[DAG.index(stage) + 1 :])

    assert seconds >= away
    assert state(far.world) == expected
    ended = "waited and finished" if runs == 1 else f"failed clearly {runs - 1} time(s), then the same result"
    tell(f"{server} away for {away} s while {stage} runs", runs, f"{ended}, {seconds:.0f} s", CHECKED)


def addresses(far: Far, s3_server: S3Server) -> dict[str, str]:
    return {"s3": s3_server.endpoint, "documents": far.world.documents, "registry": far.world.registry}


def at_ports(far: Far, ports: Mapping[str, int]) -> dict[str, str]:
    """Addresses of the same servers at other ports."""
    here = {"s3": "http://127.0.0.1:0", "documents": far.world.documents, "registry": far.world.registry}
    return {name: urlsplit(here[name])._replace(netloc=f"127.0.0.1:{port}").geturl() for name, port in ports.items()}


@pytest.mark.skipif(not EVERYTHING, reason="starts a server for every kill; `make faults` waits for them")
@pytest.mark.parametrize("server", ["s3", "registry"])
def test_a_promotion_killed_at_a_request_to_a_server_ends_as_if_nothing_had_happened(
    server: str,
    line: Line,
    new_far: Callable[..., Far],
    expected: dict[str, Any],
    s3_server: S3Server,
    tell: Told,
) -> None:
    requests = killed_at(0, line, new_far(mlflow=server == "registry"), server, s3_server, expected)

    chosen = random.Random(7).sample(range(1, requests + 1), min(20, requests))
    for number in chosen:
        killed_at(number, line, new_far(mlflow=server == "registry"), server, s3_server, expected)

    tell(f"promote killed around one of its {requests} requests to {server}", len(chosen), "same result", CHECKED)


def killed_at(number: int, line: Line, far: Far, server: str, s3_server: S3Server, expected: dict[str, Any]) -> int:
    """Kill the promotion at this request (0: never) before or after the server has it; how many requests it made."""
    far.until_done(line, ("validate", "load"))
    with wire_to(port_of(addresses(far, s3_server)[server])) as wire:
        there = far.through(**at_ports(far, {server: port_of(wire.endpoint)}))
        stage = start("promote", line, there.world, there.out("promote"), environment=there.environment)
        if number % 2:
            wire.answered = partial(_kill, stage, number)
        else:
            wire.fault = partial(_kill, stage, number)
        code = stage.wait().code
        requests = len(wire.requests)
    assert code == (-signal.SIGKILL if number else 0)
    state(far.world)  # verifies what readers see of the half-done
    far.until_done(line, ("promote", "outcome"))
    assert state(far.world) == expected, number
    return requests


def _kill(stage: Stage, at: int, number: int) -> Fault:
    """Kill whoever makes this request, and do not pass it on if that is still to be decided."""
    if number == at:
        stage.process.kill()
    return "refused" if number == at else ""
