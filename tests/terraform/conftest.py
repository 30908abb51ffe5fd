"""A copy of the Terraform sources to validate, and one that is planned and applied against moto's server."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.servers import aws as moto
from tests.servers.server import Server, start_on_free_port
from tests.terraform.runner import Terraform, copy_sources, terraform_environment


@pytest.fixture(scope="session")
def plain_copy(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The sources as they are."""
    scratch = tmp_path_factory.mktemp("terraform")
    return Terraform(copy_sources(scratch, over_moto=False), terraform_environment(scratch))


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Server]:
    """A new, empty account on moto's server."""
    with _start_moto(tmp_path) as server:
        yield server


@pytest.fixture
def moto_copy(aws: Server, tmp_path: Path) -> Terraform:
    """The sources with the overrides that moto needs, and an environment that reaches it."""
    return _over_moto(tmp_path, aws)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Terraform]]:
    """An environment over an account in which nobody applies anything; it is only planned."""
    scratch = tmp_path_factory.mktemp("plans")

    @cache
    def ready(name: str) -> Terraform:
        terraform = _over_moto(scratch / name, server).at(f"envs/{name}")
        terraform.init()
        return terraform

    with _start_moto(scratch) as server:
        yield ready


def _over_moto(scratch: Path, server: Server) -> Terraform:
    copy = copy_sources(scratch, over_moto=True)
    return Terraform(copy, terraform_environment(scratch) | {"AWS_ENDPOINT_URL": server.url})


def _start_moto(folder: Path) -> Server:
    def describe(port: int) -> Server:
        command = [sys.executable, moto.__file__, str(port)]
        settings = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}  # EKS roles attach policies that AWS wrote
        return Server(command, f"http://127.0.0.1:{port}", port, folder / "moto.log", _answers, settings)

    return start_on_free_port(describe)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/moto-api/data.json", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False
