"""`wafer serve` as a process of its own: the first minute on a laptop, a restart in between, the end."""

import getpass
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from application.api.serve import listen
from application.backends.local import processes
from application.synthetic import write_synthetic
from application.tests.processes import WAFER, environment, origin, serving, wafer
from wafer.settings import Settings

pytestmark = pytest.mark.server  # the service in a process of its own

HEAVY = ("mlflow", "kfp", "boto3", "pandas", "sklearn", "xgboost", "matplotlib", "numpy", "pyarrow")


@pytest.mark.parametrize("starts", ["application.api.serve", "application.cli.app"])
def test_it_starts_without_the_heavy_packages(starts: str) -> None:
    code = f"import sys, {starts}; print([each for each in {HEAVY!r} if each in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_printed_link_signs_in_and_the_session_survives_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, link), httpx.Client() as browser:
        first = browser.get(link)
        cookie = first.cookies["wafer_session"]
    with serving(tmp_path) as (_, link):
        again = httpx.get(f"{origin(link)}/session", cookies={"wafer_session": cookie})

    assert first.status_code == 303
    assert again.json()["name"] == "local"


def test_with_a_key_configured_no_link_is_printed_and_the_key_opens(tmp_path: Path) -> None:
    key = wafer(tmp_path, "keys", "add", "line-3", "--role", "viewer").stdout.strip()

    with serving(tmp_path) as (_, address):
        opened = httpx.get(f"{address}/runs", headers={"Authorization": f"Bearer {key}"})
        wafer(tmp_path, "keys", "revoke", "line-3")
        revoked = httpx.get(f"{address}/runs", headers={"Authorization": f"Bearer {key}"})

    assert "token=" not in address
    assert (opened.status_code, revoked.status_code) == (200, 401)


def test_a_head_without_an_end_is_not_kept_in_memory(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as (_, link),
        socket.create_connection(("127.0.0.1", urlsplit(link).port or 0)) as connection,
    ):
        connection.settimeout(30)
        with pytest.raises(ConnectionError):  # it answers 400 and ends the connection
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-Long: " + b"a" * 64_000_000)
        alive = httpx.get(f"{origin(link)}/healthz")

    assert alive.status_code == 200


def test_without_a_key_nobody_else_can_reach_it(tmp_path: Path) -> None:
    done = wafer(tmp_path, "serve", "--host", "0.0.0.0")

    assert done.returncode == 1
    assert "wafer keys add" in done.stderr


def test_a_port_that_is_in_use_is_told_and_not_a_stack(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, link):
        done = wafer(tmp_path, "serve", "--port", str(urlsplit(link).port))

    assert done.returncode == 1
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_told_to_stop_it_finishes_what_it_answers_and_logs_every_line_as_json(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, link):
        httpx.get(link)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)

    lines = [json.loads(line) for line in out.splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] == "service.started"
    assert events[-1] == "service.stopped"
    assert {"audit", "http.request"} <= set(events)
    assert all(line["request_id"] for line in lines if line["event"] == "http.request")
    assert process.returncode == 0


def test_prometheus_has_a_port_of_its_own_without_a_key_and_the_service_still_ends(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]

    with serving(tmp_path, WAFER_METRICS_PORT=str(port)) as (process, link):
        httpx.get(f"{origin(link)}/healthz")
        figures = httpx.get(f"http://127.0.0.1:{port}/metrics", headers={"Host": "10.20.1.7:9090"})
        other = httpx.get(f"http://127.0.0.1:{port}/runs")
        keyless = httpx.get(f"{origin(link)}/metrics")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert 'wafer_http_requests_total{method="GET",route="/healthz"' in figures.text
    assert (figures.status_code, other.status_code, keyless.status_code) == (200, 404, 401)
    assert process.returncode == 0


@pytest.mark.xdist_group("cli")
def test_a_real_run_is_followed_over_a_restart_of_the_service_and_can_be_cancelled(tmp_path: Path) -> None:
    home, batches = tmp_path / "home", tmp_path / "batches"
    write_synthetic(batches, training_files=2, prediction_files=1)

    with serving(home) as (_, link), httpx.Client(base_url=origin(link)) as browser:
        browser.get(link)
        session = browser.cookies["wafer_session"]
        csrf = {"X-CSRF-Token": browser.get("/session").json()["csrf"]}
        for path in sorted((batches / "training").glob("*.csv")):
            browser.put(f"/uploads/train/march/{path.name}", content=path.read_bytes(), headers=csrf).raise_for_status()
        started = browser.post("/train", json={"source": "raw/train/march"}, headers=csrf).json()
        first_stage(browser, started["run_id"])
    alive = processes.is_alive(Settings(WAFER_HOME=home), started["run_id"])
    with serving(home) as (_, link), httpx.Client(base_url=origin(link), cookies={"wafer_session": session}) as browser:
        run = browser.get(f"/runs/{started['run_id']}").json()
        cancelled = browser.post(f"/runs/{started['run_id']}/cancel", headers=csrf).json()

    assert (started["state"], run["state"], cancelled["state"]) == ("running", "running", "cancelled")
    assert alive
    assert not processes.is_alive(Settings(WAFER_HOME=home), started["run_id"])
    assert processes._processes(started["run_id"]) == []


@pytest.mark.xdist_group("cli")
def test_a_run_of_the_command_line_is_one_of_the_service_from_its_first_moment(tmp_path: Path) -> None:
    home, batches = tmp_path / "home", tmp_path / "batches"
    write_synthetic(batches, training_files=2, prediction_files=1)
    words = [*WAFER, "train", str(batches / "training"), "--json"]

    with serving(home) as (_, link), httpx.Client(base_url=origin(link)) as browser:
        browser.get(link)
        csrf = {"X-CSRF-Token": browser.get("/session").json()["csrf"]}
        path = next((batches / "training").glob("*.csv"))
        browser.put(f"/uploads/train/march/{path.name}", content=path.read_bytes(), headers=csrf).raise_for_status()
        with subprocess.Popen(words, env=environment(home), stdout=subprocess.PIPE, text=True) as command:
            run = first_run(browser)
            refused = browser.post("/train", json={"source": "raw/train/march"}, headers=csrf)
            second = wafer(home, "train", str(batches / "training"))
            cancelled = browser.post(f"/runs/{run['run_id']}/cancel", headers=csrf)
            out, _ = command.communicate(timeout=60)

    told = json.loads(out.splitlines()[-1])
    assert (run["pipeline"], run["requested_by"]) == ("train", getpass.getuser())
    assert (refused.status_code, refused.json()["run_id"]) == (409, run["run_id"])
    assert second.returncode == 1
    assert " ".join(refused.json()["detail"].split()) in " ".join(second.stderr.split())
    assert cancelled.status_code == 202
    assert (command.returncode, told["run_id"], told["state"]) == (1, run["run_id"], "cancelled")
    assert processes._processes(run["run_id"]) == []


def first_run(browser: httpx.Client) -> dict[str, str]:
    """The first run that the service lists."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for run in browser.get("/runs").json()["runs"]:
            return dict(run)
        time.sleep(0.05)
    raise AssertionError("the run never appeared")


def first_stage(browser: httpx.Client, run_id: str) -> None:
    """Follow the run until its first stage has begun."""
    deadline = time.monotonic() + 60
    with browser.stream("GET", f"/runs/{run_id}/events", timeout=60) as stream:
        for line in stream.iter_lines():
            assert time.monotonic() < deadline
            told = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if told.get("stages", [{}])[0].get("state") in {"running", "succeeded"}:  # it may take less than a look
                return
