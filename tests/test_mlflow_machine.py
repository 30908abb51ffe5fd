"""MLflow's machine: its script, as Terraform makes it, writes down a server with accounts and TLS, which is then run.

Stand-ins are what a machine alone has: packages, users, systemd, and AWS, which hands out the password and keeps the
certificate.
"""

import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.server import Server, start_on_free_port
from tests.terraform.scripts import setup_script
from wafer.errors import RegistryUnavailable
from wafer.registry import open_registry

pytestmark = [pytest.mark.server, pytest.mark.slow]
HOST = "mlflow.zone"
PASSWORD = 'with "quotes", \\ and $HOME'
AWS = """#!/bin/sh
case "$*" in
*get-secret-value*--secret-id*name-mlflow-admin*) [ -e "$ROOT/written" ] && cat "$ROOT/password" ;;
*"s3 cp"*ca.pem*s3://bucket/certificates/mlflow.pem) cp ca.pem "$ROOT/published.pem" ;;
*) echo "aws $*" >&2; exit 2 ;;
esac
"""
IDLE = "#!/bin/sh\nexit 0\n"
PLACES = ("/etc/mlflow", "/etc/systemd/system", "/usr/local/sbin", "/var/lib/mlflow", "/run/mlflow", "/opt/mlflow/bin")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine's files below a folder."""

    root: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script or a program of the machine, its paths moved below the folder."""
        path = f"{self.root}/bin:{os.environ['PATH']}"
        environment = {"PATH": path, "ROOT": str(self.root)}
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.moved(script)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def moved(self, text: str) -> str:
        for place in PLACES:
            text = re.sub(rf"(?<![\w.]){place}\b", f"{self.root}{place}", text)
        return text

    def unit(self, name: str) -> dict[str, list[str]]:
        """Settings of a unit, those that it repeats in their order."""
        text = (self.root / "etc/systemd/system" / name).read_text().replace("\\\n", " ")
        found: dict[str, list[str]] = {}
        for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
            found.setdefault(key, []).append(value)
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """After its first boot, and after the password was written."""
    machine = Machine(tmp_path)
    for place in PLACES:
        (tmp_path / place.removeprefix("/")).mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for name in ("dnf", "useradd", "chown", "systemctl"):
        write_program(tmp_path / "bin" / name, IDLE)
    write_program(tmp_path / "bin/aws", AWS)
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    values = {"name": "name", "zone_name": "zone", "bucket": "bucket", "requirements": None}
    script = setup_script(tmp_path / "terraform", "mlflow", values)
    done = machine.run(script)
    assert done.returncode == 0, done.stderr
    return machine


def test_nobody_without_the_password_sees_anything_and_everything_is_encrypted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.root / "written").touch()
    for command in machine.unit("mlflow-settings.service")["ExecStart"]:
        assert machine.run(command).returncode == 0
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(machine.root / "published.pem"))

    with started(machine) as server:
        with pytest.raises(RegistryUnavailable):
            open_registry(server.url).versions()
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)

        assert open_registry(server.url).versions() == []
        with pytest.raises(RegistryUnavailable):
            open_registry(server.url.replace("https", "http")).versions()
    assert (machine.root / "run/mlflow/settings").stat().st_mode & 0o077 == 0
    assert (machine.root / "var/lib/mlflow/tls/ca.key").stat().st_mode & 0o077 == 0


def test_a_certificate_that_ends_soon_is_made_anew_by_the_same_authority(machine: Machine) -> None:
    (renew, restart) = machine.unit("mlflow-renewal.service")["ExecStart"]
    renew = renew.split()[-1]
    tls = machine.root / "var/lib/mlflow/tls"
    assert machine.run(renew).returncode == 0
    first = (tls / "tls.crt").read_text()
    assert machine.run(renew).returncode == 0
    assert (tls / "tls.crt").read_text() == first

    soon = "openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out tls.crt"
    assert machine.run(f"cd /var/lib/mlflow/tls && {soon}").returncode == 0
    assert machine.run(renew).returncode == 0

    verified = machine.run(f"openssl verify -CAfile {machine.root}/published.pem -verify_hostname {HOST} {tls}/tls.crt")
    assert verified.returncode == 0, verified.stderr
    left = machine.run(f"openssl x509 -in {tls}/tls.crt -noout -checkend {300 * 86400}")
    assert left.returncode == 0
    assert restart.endswith("systemctl try-restart mlflow.service")
    assert ssl.create_default_context(cafile=str(machine.root / "published.pem")).cert_store_stats()["x509_ca"] == 1


def test_both_databases_are_copied_every_hour(machine: Machine) -> None:
    *copies, upload = machine.unit("mlflow-backup.service")["ExecStart"]

    assert [re.findall(r"/var/lib/mlflow/(\w+)\.db", each) for each in copies] == [["mlflow"], ["accounts"]]
    asked = machine.run(f'aws() {{ echo "$@"; }}; export -f aws; {shlex.join(["bash", *unescaped(upload)[1:]])}')
    kept = re.findall(r"/tmp/(\w+)\.db s3://bucket/backups/[\dT-]+-(\w+)\.db", asked.stdout)
    assert kept == [("mlflow", "mlflow"), ("accounts", "accounts")]
    assert machine.unit("mlflow-backup.timer")["OnCalendar"] == ["hourly"]


def started(machine: Machine) -> Server:
    """MLflow as its unit starts it, on 127.0.0.1 and a port that is free."""
    unit = machine.unit("mlflow.service")
    assert machine.unit("mlflow-settings.service")["RuntimeDirectory"] == ["mlflow"]
    settings = dict(pair.split("=", 1) for line in unit["Environment"] for pair in line.split())
    written = (machine.root / "run/mlflow/settings").read_text()
    settings |= dict(pair.split("=", 1) for pair in shlex.split(written, comments=False, posix=True))
    settings = {name: machine.moved(value) for name, value in settings.items()}
    accounts = machine.root / "etc/mlflow/basic_auth.ini"
    accounts.write_text(machine.moved(accounts.read_text()))
    program, *arguments = unescaped(unit["ExecStart"][0])
    assert program == machine.moved("/opt/mlflow/bin/mlflow")
    arguments = [machine.moved(each) for each in arguments]

    def describe(port: int) -> Server:
        own = [each.replace("5000", str(port)).replace("0.0.0.0", "127.0.0.1") for each in arguments]
        command = [sys.executable, "-m", "mlflow", *own, "--workers=1"]
        return Server(command, f"https://localhost:{port}", port, machine.root / "mlflow.log", listens, settings)

    return start_on_free_port(describe)


def unescaped(command: str) -> list[str]:
    """Words of a unit's command as systemd reads them."""
    return shlex.split(command.replace("$$", "$").replace("%%", "%"))


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0
