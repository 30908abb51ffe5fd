"""Argo CD's controller and repository server, in charge of a cluster, and a repository for them to sync."""

import base64
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from tests.platform.cluster import Cluster, Manifest
from tests.servers.binaries import program
from tests.servers.server import Server, free_port, start_on_free_port

SECONDS = {"app-resync": 5, "app-resync-jitter": 0, "self-heal-timeout-seconds": 1}
CACHE = {"default-cache-expiration": "1m", "repo-cache-expiration": "1m", "revision-cache-expiration": "1s"}


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository with a branch `main`, and the checkout whose commits go there."""

    checkout: Path
    bare: Path

    @property
    def url(self) -> str:
        return self.bare.as_uri()

    def commit(self, message: str) -> str:
        """Push everything in the checkout; the commit."""
        self._git("add", "--all")
        self._git("-c", "user.name=test", "-c", "user.email=test@example", "commit", "--quiet", "--message", message)
        self._git("push", "--quiet", self.url, "main")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *words: str) -> str:
        command = ["git", "-C", str(self.checkout), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def new_repository(checkout: Path, bare: Path) -> Repository:
    """A folder as a repository, with nothing committed yet."""
    for folder, options in ((checkout, []), (bare, ["--bare"])):
        command = ["git", "init", "--quiet", "--initial-branch=main", *options, str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    return Repository(checkout, bare)


@contextmanager
def running_argo(folder: Path, cluster: Cluster) -> Iterator[None]:
    """Argo CD over a cluster in which its namespace, kinds and settings are."""
    cluster.install(_secret())
    with ExitStack() as stack:
        redis = stack.enter_context(start_on_free_port(lambda port: _redis(folder, port)))
        manifests = stack.enter_context(start_on_free_port(lambda port: _repo_server(folder, port, redis.url)))
        controller = start_on_free_port(lambda port: _controller(folder, port, cluster, redis.url, manifests.url))
        stack.enter_context(controller)
        yield


def register(cluster: Cluster, name: str) -> None:
    """What `argocd cluster add` leaves behind."""
    authority = base64.b64encode(cluster.authority.read_bytes()).decode()
    access = {"bearerToken": cluster.token, "tlsClientConfig": {"caData": authority}}
    data = {"name": name, "server": cluster.url, "config": json.dumps(access)}
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    cluster.install({"apiVersion": "v1", "kind": "Secret", "metadata": _named(name, labels), "stringData": data})


def _secret() -> Manifest:
    """What Argo CD's own server makes when it first starts."""
    data = {"server.secretkey": "platform-test"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _named("argocd-secret"), "stringData": data}


def _named(name: str, labels: Mapping[str, str] | None = None) -> Manifest:
    own = {"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/name": name}
    return {"name": name, "namespace": "argocd", "labels": own | dict(labels or {})}


def _redis(folder: Path, port: int) -> Server:
    address = f"127.0.0.1:{port}"
    return Server([str(program("argocd")), "redis", address], address, port, folder / "redis.log", _listens)


def _repo_server(folder: Path, port: int, redis: str) -> Server:
    health = free_port()
    options = {"address": "127.0.0.1", "port": port, "metrics-address": "127.0.0.1", "metrics-port": health} | CACHE
    command = [str(program("argocd")), "repo-server", "--disable-tls", f"--redis={redis}", *_flags(options)]
    log = folder / "repo-server.log"
    return Server(command, f"127.0.0.1:{port}", port, log, lambda _: _healthy(health), _environment(folder))


def _controller(folder: Path, port: int, cluster: Cluster, redis: str, manifests: str) -> Server:
    """Its figures are for every address there is: `make test-platform` runs it where that is 127.0.0.1 alone."""
    access = folder / "kubeconfig"
    access.write_text(_kubeconfig(cluster), encoding="utf-8")
    command = [str(program("argocd")), "controller", f"--kubeconfig={access}", "--namespace=argocd", f"--redis={redis}"]
    options = {"repo-server": manifests, "metrics-port": port} | SECONDS
    command += ["--repo-server-plaintext", *_flags(options)]
    log = folder / "controller.log"
    return Server(command, f"127.0.0.1:{port}", port, log, lambda _: _healthy(port), _environment(folder))


def _environment(folder: Path) -> dict[str, str]:
    tools, scratch = folder / "bin", folder / "tmp"
    for each in (tools, scratch):
        each.mkdir(exist_ok=True)
    if not (tools / "kustomize").exists():
        (tools / "kustomize").symlink_to(program("kustomize"))
    places = {"HOME": str(folder), "TMPDIR": str(scratch), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    return places | {
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "KUBECONFIG": str(folder / "kubeconfig"),
    }


def _flags(options: Mapping[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]


def _kubeconfig(cluster: Cluster) -> str:
    here = {"name": "here", "cluster": {"server": cluster.url, "certificate-authority": str(cluster.authority)}}
    user = {"name": "admin", "user": {"token": cluster.token}}
    context = {"name": "here", "context": {"cluster": "here", "user": "admin", "namespace": "argocd"}}
    kinds = {"apiVersion": "v1", "kind": "Config", "current-context": "here"}
    return yaml.safe_dump(kinds | {"clusters": [here], "users": [user], "contexts": [context]})


def _healthy(port: int) -> bool:
    with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False
