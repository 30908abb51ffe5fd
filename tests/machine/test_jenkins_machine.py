"""The script that sets up Jenkins' machine, executed in a Debian root with port 443 alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.debian import Machine, debian_machine
from tests.machine.places import Places, archive, jar, package, serve, write_places
from tests.terraform.runner import SOURCES
from tests.terraform.scripts import REGION, setup_script

ROOT = Path(__file__).resolve().parents[2]
MODULE = SOURCES / "modules" / "jenkins"
pytestmark = [pytest.mark.machine, pytest.mark.timeout(3600)]
# Jenkins' secrets are there; nobody is logged in and no systemd runs.
STAND_INS = dict.fromkeys(("aws", "systemctl", "loginctl"), "#!/bin/sh\nexit 0\n")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    return setup_script(
        tmp_path_factory.mktemp("script"),
        "jenkins",
        {"policy_arns": {}, "terraform": {"state_bucket": "state", "role_arns": {}}},
    )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, script: str) -> Places:
    folder, scratch = tmp_path_factory.mktemp("places"), tmp_path_factory.mktemp("made")
    version = re.findall(r"jenkins=([\d.]+)", script)[0]
    places = write_places(folder, REGION, version)
    fetched = re.findall(r"curl -fsSL --retry 5 [^']*'(https://[^']+)'", script)
    key, agent, terraform, cosign, manager = fetched
    serve(places, key, folder / "pkg.jenkins.io/debian-stable/key.asc")
    serve(places, agent, package(scratch, "amazon-ssm-agent", "1"))
    serve(places, terraform, archive(scratch / "terraform.zip", "terraform", "#!/bin/sh\n"))
    serve(places, cosign, package(scratch, "cosign", "1"))
    serve(places, manager, jar(scratch / "manager.jar"))
    return places


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, script: str, places: Places) -> Iterator[Machine]:
    with debian_machine(tmp_path_factory.mktemp("machine"), places) as machine:
        for name, text in STAND_INS.items():
            path = machine.root / "usr/local/bin" / name
            path.write_text(text)
            path.chmod(0o755)
        done = machine.run(f"set -euo pipefail\n{script}", places)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        yield machine


def test_the_script_asks_for_no_port_but_443(machine: Machine) -> None:
    assert machine.refused() == 0


def test_the_machine_has_every_program_that_the_gate_calls(machine: Machine, places: Places) -> None:
    gate = (ROOT / ".ci/run").read_text()
    called = {name for names in re.findall(r"for tool in ([\w ]+);", gate) for name in names.split()}
    called |= set(re.findall(r"^command -v (\w+)[^|]*\|\| missing", gate, re.MULTILINE))
    called |= {"java", "javac", "terraform", "gh"}

    done = machine.run(f"for each in {' '.join(called)}; do command -v $each > /dev/null || echo $each; done", places)

    assert len(called) > 8
    assert done.stdout == ""
    assert machine.run("python3 -c 'import venv, ensurepip'", places).returncode == 0


def test_bases_of_images_come_from_the_mirror_of_the_machine_by_https(machine: Machine, places: Places) -> None:
    unit = (machine.root / "etc/systemd/system/jenkins.service.d/settings.conf").read_text()
    mirror = re.findall(r"DEBIAN_MIRROR=(\S+)", unit)[0]

    done = machine.run(f"mmdebstrap --mode=root --variant=extract bookworm /tmp/base {mirror}", places)

    assert mirror.startswith("https://")
    assert done.returncode == 0, done.stderr[-2000:]


def test_jenkins_finds_its_settings_its_jobs_and_its_plugins(machine: Machine) -> None:
    etc = machine.root / "etc/jenkins"

    assert _words(etc / "jobs.groovy") == _words(MODULE / "jobs.groovy")
    assert _words(etc / "plugins.txt") == _words(MODULE / "plugins.txt")
    assert "${ADMIN}" not in (etc / "jenkins.yaml").read_text()
    assert "--plugin-file /etc/jenkins/plugins.txt" in (machine.root / "var/lib/jenkins/plugins/arguments").read_text()


def _words(path: Path) -> str:
    return path.read_text().strip()
