"""The image of the application serves as a cluster runs it: read-only, as uid 1000, with its home and /tmp to write."""

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.conftest import STRICT, Image, run

pytestmark = pytest.mark.xdist_group("containers")
ROOT = Path(__file__).parents[2]
# Asks from inside, so that the container needs no network and no port of this machine.
ASK = """
import json, sys, time
from http.cookiejar import CookieJar
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, Request, build_opener
browser = build_opener(HTTPCookieProcessor(CookieJar()))
def ask(path, **body):
    data = json.dumps(body).encode() if body else None
    return json.load(browser.open(Request("http://127.0.0.1:8000" + path, data, {"Content-Type": "application/json"})))
deadline = time.monotonic() + 90
while True:
    try:
        health = ask("/healthz")
        break
    except URLError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.2)
session = ask("/session", key=sys.argv[1])
print(json.dumps({"health": health, "session": session, "runs": ask("/runs"), "api": ask("/openapi.json")["info"]}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A volume for the application's home, as an option of podman."""
    folder = tmp_path_factory.mktemp("application")
    if os.getuid() == 0:
        os.chown(folder, 1000, 1000)
    return f"--volume={folder}:/var/lib/wafer"


@pytest.fixture(scope="module")
def key(images: dict[str, Image], home: str) -> str:
    added = images["application"].run("keys", "add", "a-test", entrypoint="wafer", options=(home,))
    assert added.code == 0, added.err
    return added.out.strip()


@pytest.fixture(scope="module")
def service(images: dict[str, Image], home: str, key: str) -> Iterator[str]:
    """Id of a container that serves by the image's own command."""
    assert key
    image = images["application"].reference
    started = run(["podman", "run", "--detach", *STRICT, "--user=1000:1000", home, image])
    assert started.code == 0, started.err
    yield started.out.strip()
    run(["podman", "rm", "--force", "--time=5", started.out.strip()])


@pytest.fixture(scope="module")
def answers(service: str, key: str) -> dict[str, Any]:
    asked = run(["podman", "exec", service, "python3", "-c", ASK, key], seconds=120)
    assert asked.code == 0, asked.err + run(["podman", "logs", service]).err
    return dict(json.loads(asked.out))


def test_the_application_starts_and_is_healthy(answers: dict[str, Any]) -> None:
    assert answers["health"] == {"status": "ok"}


def test_an_api_key_signs_in_to_the_application(answers: dict[str, Any]) -> None:
    assert (answers["session"]["name"], answers["session"]["role"]) == ("a-test", "viewer")


def test_a_new_application_lists_no_runs(answers: dict[str, Any]) -> None:
    assert answers["runs"] == {"runs": [], "next": None}


def test_the_application_says_the_version_it_was_built_of(answers: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert answers["api"]["version"] == project["version"]


@pytest.mark.parametrize("place", ["/app", "/opt/wafer", "/etc", "/var/lib"])
def test_the_application_can_write_nothing_but_its_home_and_tmp(service: str, place: str) -> None:
    assert run(["podman", "exec", service, "touch", f"{place}/x"]).code != 0
