"""etcd and the Kubernetes API server on 127.0.0.1: the real ones, with nothing behind them that would run a pod."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from conftest import skip_or_fail
from tests.platform.cluster import Cluster
from tests.servers.binaries import is_built, program
from tests.servers.server import Server, start_on_free_port

TOKEN = "platform-test"
SERVICES = "172.20.0.0/16"


def needed(*names: str) -> None:
    """Skip a test whose programs are not built: that is minutes of every core, so only `make test-platform` does it."""
    for name in names:
        if not is_built(name):
            skip_or_fail(f"{name} is not built (make test-platform builds it)")


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A new, empty cluster, and a client with every right in it."""
    with ExitStack() as stack:
        etcd = stack.enter_context(start_on_free_port(lambda port: _etcd(folder, port)))
        server = stack.enter_context(start_on_free_port(lambda port: _api_server(folder, port, etcd.url)))
        cluster = Cluster(server.url, folder / "certificates" / "apiserver.crt", TOKEN)
        stack.callback(cluster.close)
        yield cluster


def _etcd(folder: Path, port: int) -> Server:
    url = f"http://127.0.0.1:{port}"
    command = [str(program("etcd")), f"--data-dir={folder / f'etcd-{port}'}", "--unsafe-no-fsync", "--log-level=warn"]
    listen = [f"--listen-client-urls={url}", f"--advertise-client-urls={url}", "--listen-peer-urls=http://127.0.0.1:0"]
    return Server([*command, *listen], url, port, folder / "etcd.log", lambda url: _answers(f"{url}/health"))


def _api_server(folder: Path, port: int, etcd: str) -> Server:
    key = folder / "accounts.key"
    if not key.exists():
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{TOKEN},admin,admin,system:masters\n", encoding="utf-8")
    url = f"https://127.0.0.1:{port}"
    options = {
        "etcd-servers": etcd,
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": str(port),
        "cert-dir": str(folder / "certificates"),  # it writes a certificate of its own for 127.0.0.1
        "token-auth-file": str(tokens),
        "authorization-mode": "RBAC",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": str(key),
        "service-account-signing-key-file": str(key),
        "service-cluster-ip-range": SERVICES,
        "endpoint-reconciler-type": "none",
        "allow-privileged": "true",  # as everywhere: who may is a namespace's standard
    }
    command = [str(program("kube-apiserver")), *(f"--{name}={value}" for name, value in options.items())]
    return Server(command, url, port, folder / "api-server.log", lambda url: _is_ready(url, folder))


def _is_ready(url: str, folder: Path) -> bool:
    certificate = folder / "certificates" / "apiserver.crt"
    if not certificate.exists():
        return False
    with Cluster(url, certificate, TOKEN) as cluster:
        return cluster.is_ready()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
