"""The page's files: what they are served with, and that an installed package has them."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from application.api.app import create_app
from application.page.routes import router
from application.tests.serving import Service

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "application" / "page" / "static"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())


@pytest.fixture
def client(service: Service) -> TestClient:
    return TestClient(create_app(service.parts, watch=False, pages=(router,)), base_url="http://127.0.0.1")


def test_the_page_needs_no_session_because_it_holds_no_data(client: TestClient) -> None:
    names = [each.relative_to(STATIC).as_posix() for each in FILES]
    found = {name: client.get("/" if name == "index.html" else f"/page/{name}") for name in names}

    assert {answer.status_code for answer in found.values()} == {200}
    assert found["index.html"].headers["content-type"].startswith("text/html")
    assert found["main.js"].headers["content-type"].startswith("text/javascript")


def test_nothing_runs_on_the_page_but_its_own_files(client: TestClient) -> None:
    answer = client.get("/")

    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, flags=re.DOTALL)
    assert [inner for _, inner in scripts] == [""]


def test_no_file_of_the_page_names_another_host() -> None:
    named = {
        (each.name, address)
        for each in FILES
        for address in re.findall(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", each.read_text())
    }

    assert {address for _, address in named} <= {"http://www.w3.org"}  # the name of SVG's namespace


def test_a_browser_asks_again_and_gets_only_what_changed(client: TestClient) -> None:
    for path in ("/", "/page/main.js"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        changed = client.get(path, headers={"If-None-Match": '"another"'})

        assert first.headers["cache-control"] == "no-cache"
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
        assert (changed.status_code, changed.content) == (200, first.content)


@pytest.mark.parametrize(
    "name",
    ["none.js", "..%2f__init__.py", "%2e%2e/routes.py", "main.js/", "static", "charts", "charts/", "charts/none.js"],
)
def test_nothing_else_is_served_as_a_file_of_the_page(client: TestClient, name: str) -> None:
    assert client.get(f"/page/{name}").status_code == 404


@pytest.mark.slow  # builds the package
def test_an_installed_package_has_every_file_of_the_page(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shutil.copytree(ROOT / "application", source / "application", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    build = "import setuptools.build_meta as b, sys; print(b.build_wheel(sys.argv[1]))"

    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=source, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {each.relative_to(ROOT).as_posix() for each in FILES} <= held
