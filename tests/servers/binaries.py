"""Programs that tests run, built by `go` from pinned modules of this repository, once, outside of it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

SERVERS = Path(__file__).parent
LINTERS = SERVERS.parent / "gitops"  # a module of its own: a new linter does not build MinIO again
REGISTRY = SERVERS.parent / "registry"
KUBERNETES = SERVERS.parent / "platform"
ARGO = SERVERS.parent / "argocd"
COSIGN = SERVERS.parent / "cosign"
PACKAGES = {
    "registry": (REGISTRY, "."),
    "cosign": (COSIGN, "github.com/sigstore/cosign/v2/cmd/cosign"),
    "minio": (SERVERS, "github.com/minio/minio"),
    "mongodb": (SERVERS, "./mongodb"),
    "toxiproxy": (SERVERS, "github.com/Shopify/toxiproxy/v2/cmd/server"),
    "kustomize": (LINTERS, "sigs.k8s.io/kustomize/kustomize/v5"),
    "kubeconform": (LINTERS, "github.com/yannh/kubeconform/cmd/kubeconform"),
    "actionlint": (LINTERS, "github.com/rhysd/actionlint/cmd/actionlint"),
}
PLATFORM = {  # `make test-platform` alone: these are many minutes of both cores
    "etcd": (KUBERNETES, "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": (KUBERNETES, "k8s.io/kubernetes/cmd/kube-apiserver"),
    "flows": (SERVERS.parent / "networkpolicy", "."),
    "argocd": (ARGO, "."),
}
BUILD_SECONDS = 3600  # MinIO alone is four minutes of one core, and other tests may be using the cores


class CannotBuild(Exception):
    """A program could not be built on this machine, and why."""


def program(name: str) -> Path:
    """Path of a program, built if it is not there yet; processes that ask at once build it once."""
    module, package = (PACKAGES | PLATFORM)[name]
    built = _place(name)
    if built.exists():
        return built
    go = _go()
    built.parent.mkdir(parents=True, exist_ok=True)
    with built.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _build(go, module, package, built)
    return built


def is_built(name: str) -> bool:
    """Whether a program is there without a build."""
    return _place(name).exists()


def module_folder(module: Path, dependency: str) -> Path:
    """Where `go` keeps the files of a module that one of ours is built from; it fetches them if it has to."""
    command = [_go(), "mod", "download", "-json", dependency]
    done = subprocess.run(command, cwd=module, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode:
        raise CannotBuild(f"`go mod download {dependency}` failed:\n{done.stderr[-2000:]}")
    return Path(json.loads(done.stdout)["Dir"])


def _place(name: str) -> Path:
    module, _ = (PACKAGES | PLATFORM)[name]
    pins = sha256()
    for path in sorted([module / "go.mod", module / "go.sum", *module.rglob("*.go")]):
        pins.update(path.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "wafer-test-servers" / pins.hexdigest()[:16] / name


def _go() -> str:
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/local/go/bin"]
    go = shutil.which("go", path=os.pathsep.join(places))
    if go is None:
        raise CannotBuild("there is no `go` (1.24 or newer) on this machine")
    return go


def _build(go: str, module: Path, package: str, built: Path) -> None:
    part = built.with_suffix(".part")
    command = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", str(part), package]
    environment = os.environ | {"CGO_ENABLED": "0"}
    try:
        subprocess.run(
            command, cwd=module, env=environment, check=True, capture_output=True, text=True, timeout=BUILD_SECONDS
        )
    except subprocess.CalledProcessError as exc:
        raise CannotBuild(f"`go build {package}` failed:\n{exc.stderr[-2000:]}") from exc
    except subprocess.TimeoutExpired as exc:
        raise CannotBuild(f"`go build {package}` was not done after {BUILD_SECONDS} s") from exc
    part.rename(built)
