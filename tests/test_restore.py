"""A backup of MLflow, as docs/operations.md takes it, in a new server with accounts and TLS, as the component
`mlflow-secured` runs it. Models load, the promotion log is whole, and nobody without a password sees anything."""

import shutil
import socket
import sqlite3
import sys
from pathlib import Path

import pytest
import trustme

from tests.faults.line import make_line, write_drop
from tests.faults.world import World, registered
from tests.gitops.conftest import kustomized, one
from tests.promoted import promote_into
from tests.servers.parts import start_mlflow
from tests.servers.server import Server, start_on_free_port
from wafer.errors import RegistryUnavailable
from wafer.registry import open_registry

pytestmark = [pytest.mark.server, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "a password of this test"


def test_a_backup_is_a_whole_registry_on_a_new_server_with_accounts_and_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_mlflow(tmp_path / "lost") as server:
        promote_once(tmp_path, server.url)
        back_up(tmp_path / "lost", tmp_path / "backup")
        registry = open_registry(server.url)
        before = registered(World("", "", server.url)), registry.promotions()
    shutil.rmtree(tmp_path / "lost")

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with restored_server(tmp_path, authority) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "ca.pem"))
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(RegistryUnavailable):
            open_registry(server.url).versions()
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        registry = open_registry(server.url)

        after = registered(World("", "", server.url)), registry.promotions()

        assert after == before
        assert [each.by for each in registry.promotions()] == ["train-1"]
        assert registry.require_production().version == 1


def promote_once(folder: Path, uri: str) -> None:
    """A training on a small line that promotes its version."""
    promote_into(open_registry(uri), folder, make_line(folder, write_drop(folder / "drop")))


def back_up(data: Path, backup: Path) -> None:
    """First the database, while the server runs, then the artifacts."""
    backup.mkdir()
    with sqlite3.connect(data / "mlflow.db") as live, sqlite3.connect(backup / "mlflow.db") as copy:
        live.backup(copy)
    shutil.copytree(data / "artifacts", backup / "artifacts")


def restored_server(folder: Path, authority: trustme.CA) -> Server:
    """A server over the backup, with the arguments and settings of the component's Deployment."""
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "tls.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    here = {
        "/var/lib/mlflow": str(folder / "backup"),
        "/etc/mlflow/tls": str(folder),
        "/etc/mlflow/accounts": str(folder),
        "--host=0.0.0.0": "--host=127.0.0.1",
    }
    manifests = secured(folder)
    container = one(manifests, "Deployment", "mlflow")["spec"]["template"]["spec"]["containers"][0]
    accounts = one(manifests, "ConfigMap", "mlflow-accounts")["data"]["basic_auth.ini"]
    (folder / "basic_auth.ini").write_text(moved(accounts, here))
    settings = {each["name"]: moved(each.get("value", PASSWORD), here) for each in container["env"]}

    def describe(port: int) -> Server:
        arguments = [moved(each, here).replace("5000", str(port)) for each in container["args"]]
        command = [sys.executable, *container["command"][1:], "--workers=1", *arguments]
        return Server(command, f"https://localhost:{port}", port, folder / "mlflow.log", listens, settings)

    return start_on_free_port(describe)


def secured(folder: Path) -> str:
    shutil.copytree(ROOT / "gitops", folder / "gitops")
    overlay = folder / "gitops/overlays/dev/kustomization.yaml"
    taken = "  - ../../components/mlflow\n"
    overlay.write_text(overlay.read_text().replace(taken, f"{taken}  - ../../components/mlflow-secured\n"))
    return kustomized(folder, "overlays/dev")


def moved(text: str, places: dict[str, str]) -> str:
    for there, here in places.items():
        text = text.replace(there, here)
    return text


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0
