"""The service under reads while a training runs on the same cores."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np

from application.synthetic import write_synthetic
from benchmarks.report import Section, this_machine

_WAFER = [sys.executable, "-c", "from application.cli.app import main; main()"]
_START_SECONDS = 60.0


class Answer(NamedTuple):
    """One request: seconds from the moment it was due, and its status (0: none came)."""

    route: str
    seconds: float
    status: int


@dataclass(frozen=True, slots=True)
class Served:
    """A running service and the route names -> paths to read from it."""

    client: httpx.AsyncClient
    routes: Mapping[str, str]


def measure_load(*, per_second: int, seconds: float, quick: bool, say: Callable[[str], None]) -> Section:
    """Read at a fixed rate, first alone, then while a training runs."""
    machine = this_machine()
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        home = Path(scratch) / "home"
        made = write_synthetic(Path(scratch) / "batches", training_files=2 if quick else 15, prediction_files=4)
        for kind, folder in (("train", made.training), ("predict", made.prediction)):
            place(folder, home / "store" / "raw" / kind / "bench")
        if not quick:
            say("A model is trained and batches are predicted, so that there is something to read.")
            for kind in ("train", "predict"):
                run_wafer(home, kind, str(home / "store" / "raw" / kind / "bench"))
        key = run_wafer(home, "keys", "add", "bench", "--role", "admin").strip()
        with serving(home, Path(scratch) / "log") as url:
            alone, during, state = asyncio.run(_measure(url, key, per_second, seconds, say))
    groups = [_rows("nothing else runs", alone), _rows("a training runs", during)]
    return Section(
        name="load",
        title="The service under reads while a training runs",
        command=f"python -m benchmarks load --per-second {per_second} --seconds {seconds:g}",
        machine=machine,
        protocol=[
            f"`wafer serve` with its defaults on this machine; {per_second} requests a second for {seconds:g} s over "
            "the routes in turn, sent at fixed moments whether or not earlier ones were answered. The client runs on "
            "the same cores.",
            "Milliseconds from the moment a request is due to the end of its response. An error is any status other "
            "than 200, or no response in 30 s.",
            f"The training: {1500 if not quick else 200} synthetic wafers, started by `POST /train` before the first "
            f"request. It was {state} when the last request was answered.",
        ],
        headers=("", "route", "requests", "errors", "p50 ms", "p95 ms", "max ms"),
        groups=groups,
        words=2,
    )  # fmt: skip


def place(source: Path, folder: Path) -> None:
    """Move files into a folder."""
    folder.mkdir(parents=True)
    for path in source.iterdir():
        path.rename(folder / path.name)


def environment(home: Path) -> dict[str, str]:
    """The variables of a command that keeps its state in a folder."""
    ours = ("WAFER_", "KFP_", "MLFLOW_TRACKING_URI", "MONGODB_URI")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"WAFER_HOME": str(home)}


def run_wafer(home: Path, *words: str) -> str:
    """What the command printed."""
    done = subprocess.run([*_WAFER, *words], env=environment(home), capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


@contextmanager
def serving(home: Path, log: Path) -> Iterator[str]:
    """The address of a service in a process of its own."""
    with (
        log.open("w") as out,
        subprocess.Popen(  # noqa: S603 - our own
            [*_WAFER, "serve", "--port", "0"], env=environment(home), stdout=out, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        lines = process.stderr or ()
        line = next(line for line in lines if "http://" in line)
        try:
            yield line[line.index("http://") :].split(";")[0].strip()
        finally:
            process.terminate()


async def _measure(
    url: str, key: str, per_second: int, seconds: float, say: Callable[[str], None]
) -> tuple[list[Answer], list[Answer], str]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, limits=limits) as client:
        known = (await client.get("/runs?pipeline=predict&state=succeeded")).json()["runs"]
        alone = await _read(Served(client, _routes(known)), per_second, seconds)
        say("Read alone; now a training starts.")
        started = (await client.post("/train", json={"source": "raw/train/bench"})).raise_for_status().json()["run_id"]
        await _begun(client, started)
        routes = {**_routes(known), "/runs/{id}, running": f"/runs/{started}"}
        during = await _read(Served(client, routes), per_second, seconds)
        state = (await client.get(f"/runs/{started}")).json()["state"]
        with suppress(httpx.HTTPError):
            await client.post(f"/runs/{started}/cancel")
    return alone, during, state


def _routes(predictions: Sequence[Mapping[str, str]]) -> dict[str, str]:
    routes = {"/": "/", "/page/main.js": "/page/main.js", "/runs": "/runs", "/models": "/models"}
    if predictions:
        run = f"/runs/{predictions[0]['run_id']}"
        routes |= {
            "/runs/{id}, ended": run,
            "/runs/{id}/predictions": f"{run}/predictions?limit=100",
            "/runs/{id}/budgets": f"{run}/budgets",
        }
    return routes


async def _begun(client: httpx.AsyncClient, run_id: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    async with client.stream("GET", f"/runs/{run_id}/events") as stream:
        async for line in stream.aiter_lines():
            run = json.loads(line.removeprefix("data: ")) if line.startswith("data: {") else {}
            if any(stage["state"] == "running" for stage in run.get("stages", [])):
                return
            if time.monotonic() > deadline or run.get("state") == "failed":
                raise SystemExit(f"The training did not begin: {run.get('error')}")


async def _read(served: Served, per_second: int, seconds: float) -> list[Answer]:
    for path in served.routes.values():  # the first look at anything loads what later looks share
        await served.client.get(path)
    start = time.perf_counter()
    asked = []
    for number, route in zip(range(int(per_second * seconds)), itertools.cycle(served.routes), strict=False):
        due = start + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked.append(asyncio.create_task(_ask(served, route, due)))
    return list(await asyncio.gather(*asked))


async def _ask(served: Served, route: str, due: float) -> Answer:
    try:
        status = (await served.client.get(served.routes[route])).status_code
    except httpx.HTTPError:
        status = 0
    return Answer(route, time.perf_counter() - due, status)


def _rows(title: str, answers: Sequence[Answer]) -> list[list[str]]:
    by_route: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_route[answer.route].append(answer)
    return [_row(title, route, found) for route, found in sorted(by_route.items())] + [_row(title, "all", answers)]


def _row(title: str, route: str, answers: Sequence[Answer]) -> list[str]:
    taken = np.array([answer.seconds for answer in answers]) * 1000
    errors = sum(answer.status != httpx.codes.OK for answer in answers)
    figures = (*np.quantile(taken, [0.5, 0.95]), taken.max())
    return [title, route, f"{len(answers):,}", str(errors), *(f"{each:.1f}" for each in figures)]
