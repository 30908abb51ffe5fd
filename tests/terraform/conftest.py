"""A copy of the Terraform sources to validate, and one that is planned and applied against moto's server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

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

    def describe(port: int) -> Server:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        settings = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}  # EKS roles attach policies that AWS wrote
        return Server(command, f"http://127.0.0.1:{port}", port, tmp_path / "moto.log", _answers, settings)

    with start_on_free_port(describe) as server:
        yield server


@pytest.fixture
def moto_copy(aws: Server, tmp_path: Path) -> Terraform:
    """The sources with the overrides that moto needs, and an environment that reaches it."""
    environment = terraform_environment(tmp_path) | {"AWS_ENDPOINT_URL": aws.url}
    return Terraform(copy_sources(tmp_path, over_moto=True), environment)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/moto-api/data.json", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False
