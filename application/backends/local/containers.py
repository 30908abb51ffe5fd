"""A local run whose stages each run in a container of their own image, through the socket of podman or Docker.

A container sees what a pod of the cluster sees: the image, the run's artifacts, and the settings as environment. The
root file system is read-only, the user is not root, and nothing of this machine's folders or environment is inherited.
"""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import FrameType

import docker
import yaml
from docker.errors import DockerException, ImageNotFound
from docker.types import Ulimit
from kfp import local

from application.backends.local.kfp_patches import containers_checked
from pipelines.passed import SECRETS, SETTINGS, UNITS
from pipelines.tasks import USER
from wafer.errors import StageFailed
from wafer.process import end_at_once

RUN_ID = "WAFER_RUN_ID"
LABEL = "wafer.run"
LIMITS = {"nofile": (resource.RLIMIT_NOFILE, 20_000), "nproc": (resource.RLIMIT_NPROC, 4_096)}
READY_SECONDS = 30.0
IDLE_SECONDS = 60  # a service whose run was killed ends by itself
POLL_SECONDS = 0.05


@contextmanager
def containers(run_id: str, artifacts: Path, package: str) -> Iterator[tuple[local.DockerRunner, str]]:
    """A runner for a run's tasks, and the package with every image by digest; to be used in the worker's main thread.

    SIGTERM ends the containers too. Raises `StageFailed` when there is no engine or an image is missing.
    """
    with (
        _engine() as address,
        containers_checked(address),
        closing(docker.DockerClient(base_url=address)) as client,
        _ended_by_sigterm(client, run_id),
    ):
        yield _runner(run_id, artifacts), _with_images_of(client, package)


@contextmanager
def _engine() -> Iterator[str]:
    """Address of the engine: `DOCKER_HOST`, else podman's own socket, else a podman service for as long as the run."""
    given = os.environ.get("DOCKER_HOST", "")
    usual = f"unix://{os.environ.get('XDG_RUNTIME_DIR', '/run') if os.getuid() else '/run'}/podman/podman.sock"
    if given and not _answers(given):
        raise StageFailed(
            f"DOCKER_HOST names {given}, where no container engine answers. Start it, or unset DOCKER_HOST."
        )
    if given or _answers(usual):
        yield given or usual
        return
    with (
        tempfile.TemporaryDirectory(prefix="wafer-podman-") as folder,
        _podman(f"unix://{folder}/podman.sock") as address,
    ):
        yield address


@contextmanager
def _podman(address: str) -> Iterator[str]:
    podman = shutil.which("podman")
    if podman is None:
        raise StageFailed("Stages in containers need podman, or DOCKER_HOST with the address of a container engine.")
    service = subprocess.Popen(  # noqa: S603 - podman itself
        [podman, "system", "service", f"--time={IDLE_SECONDS}", address],
        env={name: value for name, value in os.environ.items() if name != RUN_ID},  # its containers outlive no run
        start_new_session=True,  # what ends the worker's group must find the service alive
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(address):
            if service.poll() is not None or time.monotonic() > deadline:
                raise StageFailed("`podman system service` does not start; the run's log says why.")
            time.sleep(POLL_SECONDS)
        yield address
    finally:
        service.terminate()
        service.wait()


def _answers(address: str) -> bool:
    try:
        with closing(docker.DockerClient(base_url=address, timeout=10)) as client:
            return bool(client.ping())
    except (DockerException, OSError):
        return False


@contextmanager
def _ended_by_sigterm(client: docker.DockerClient, run_id: str) -> Iterator[None]:
    """Kill the run's containers when the worker is told to end: they are no children of it."""

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        label = f"{LABEL}={run_id}"
        for container in client.containers.list(all=True, ignore_removed=True, filters={"label": label}):
            with suppress(DockerException):  # ended by itself
                container.remove(force=True)  # also one that was made and not started yet
        end_at_once(128 + number)  # no other task starts

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _runner(run_id: str, artifacts: Path) -> local.DockerRunner:
    artifacts.mkdir(parents=True, exist_ok=True)
    user, group = os.getuid() or USER, os.getgid() or USER
    if os.getuid() == 0:
        os.chown(artifacts, USER, USER)
    return local.DockerRunner(
        user=f"{user}:{group}",
        entrypoint=["env"],  # the image's own is the stage as a command; kfp brings a whole command line
        environment=settings_in(os.environ) | {RUN_ID: run_id},
        network_mode="host",  # servers on 127.0.0.1 are reached
        read_only=True,
        tmpfs={"/tmp": "mode=1777,size=2g"},  # noqa: S108  # nosec B108 - a path in the container
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ulimits=[_limit(name) for name in LIMITS],
        labels={LABEL: run_id},
    )


def settings_in(given: Mapping[str, str]) -> dict[str, str]:
    """The settings that a pod of the cluster finds in ConfigMaps and Secrets."""
    return {name: given[name] for name in (*SETTINGS, *SECRETS, *UNITS) if name in given}


def _limit(name: str) -> Ulimit:
    """An engine's default may be more than this machine allows, and then no container starts."""
    number, wanted = LIMITS[name]
    allowed = resource.getrlimit(number)[1]
    most = wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
    return Ulimit(name=name, soft=most, hard=most)


def _with_images_of(client: docker.DockerClient, package: str) -> str:
    """The package with every image as this engine holds it, so that a rebuilt image is another task to the cache."""
    spec = yaml.load(package, Loader=yaml.CSafeLoader)
    tasks = [executor["container"] for executor in spec["deploymentSpec"]["executors"].values()]
    held = {image: _held(client, image) for image in {task["image"] for task in tasks}}
    missing = sorted(image for image, reference in held.items() if not reference)
    if missing:
        raise StageFailed(f"These images are not on this machine: {', '.join(missing)}. `make images` builds them.")
    for task in tasks:
        task["image"] = held[task["image"]]
    return yaml.dump(spec, Dumper=yaml.CSafeDumper, sort_keys=False)


def _held(client: docker.DockerClient, image: str) -> str:
    try:
        found = client.images.get(image)
    except ImageNotFound:
        return ""
    names = [*found.attrs.get("RepoDigests", []), *found.tags]
    return str(names[0]) if names else image
