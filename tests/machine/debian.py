"""A Debian root in a container whose network lets nothing out but port 443 and questions of names."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import skip_or_fail
from tests.machine.places import Places

SUITE = "trixie"  # that of the machine's image
PROGRAMS = ("mmdebstrap", "slirp4netns", "podman", "nsenter", "iptables", "dpkg-deb", "gpg", "javac")
_RULES = (
    "-P OUTPUT DROP",
    "-A OUTPUT -o lo -j ACCEPT",
    "-A OUTPUT -p udp --dport 53 -j ACCEPT",
    "-A OUTPUT -p tcp --dport 443 -j ACCEPT",
    "-A OUTPUT -j REJECT",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """The root of a machine and its network."""

    root: Path
    network: int  # process that holds it

    def run(self, script: str, places: Places) -> subprocess.CompletedProcess[str]:
        """Run a script on the machine as root, as its first boot does."""
        names = [f"--add-host={host}:127.0.0.1" for host in places.hosts]
        return subprocess.run(
            [
                *(
                    "podman",
                    "run",
                    "--rm",
                    "--interactive",
                    "--privileged",
                    f"--network=ns:/proc/{self.network}/ns/net",
                ),
                *(
                    "--ulimit=nofile=20000:20000",
                    "--ulimit=nproc=4096:4096",
                    *names,
                    "--rootfs",
                    str(self.root),
                    "bash",
                    "-c",
                    script,
                ),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3000,
            check=False,
        )

    def refused(self) -> int:
        """Packets that wanted out by another port."""
        listed = _inside(self.network, "iptables", "-L", "OUTPUT", "-v", "-x", "-n").stdout
        return int(next(line for line in listed.splitlines() if "REJECT" in line).split()[0])


@contextmanager
def debian_machine(scratch: Path, places: Places) -> Iterator[Machine]:
    """A fresh root, its mirror named by http as Debian's image has it; ended and removed with the block."""
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        skip_or_fail(f"this machine lacks {', '.join(missing)}")
    root = scratch / "root"
    _make(root, places, _mirror())
    with ExitStack() as stack:
        holder = _started(stack, ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"])
        _started(
            stack, ["slirp4netns", "--configure", "--disable-host-loopback", "--ready-fd=1", str(holder.pid), "tap0"]
        )
        _inside(holder.pid, "ip", "link", "set", "lo", "up")
        for rule in _RULES:
            _inside(holder.pid, "iptables", *rule.split())
        command = ["nsenter", f"--net=/proc/{holder.pid}/ns/net", *places.command(sys.executable)]
        _started(stack, command, cwd=places.folder)
        try:
            yield Machine(root, holder.pid)
        finally:
            shutil.rmtree(root, ignore_errors=True)


def _mirror() -> str:
    """Where this machine has its packages from, by https."""
    if named := os.environ.get("DEBIAN_MIRROR"):
        return named
    sources = "\n".join(
        path.read_text() for path in Path("/etc/apt").rglob("*") if path.suffix in {".list", ".sources"}
    )
    found = re.search(r"https?://(\S+/debian)/?\s", sources)
    if not found:
        pytest.fail("/etc/apt names no mirror of Debian; set DEBIAN_MIRROR")
    return f"https://{found[1]}"


def _make(root: Path, places: Places, mirror: str) -> None:
    command = ("mmdebstrap", "--variant=minbase", "--include=ca-certificates,systemd", SUITE, str(root), mirror)
    made = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if made.returncode:
        skip_or_fail(f"no root of {SUITE} could be made from {mirror}: {made.stderr[-500:]}")
    _name_mirror(root, mirror)
    trusted = root / "usr/local/share/ca-certificates"
    for path in (places.authority, *Path("/usr/local/share/ca-certificates").glob("*.crt")):
        shutil.copy(path, trusted)
    subprocess.run(["chroot", str(root), "update-ca-certificates"], check=True, capture_output=True)


def _name_mirror(root: Path, mirror: str) -> None:
    """As in Debian's images for machines: by http, in a list of its own."""
    apt = root / "etc/apt"
    (apt / "sources.list").unlink()
    (apt / "mirrors").mkdir()
    (apt / "mirrors/debian.list").write_text(f"{mirror.replace('https', 'http')}\n")
    source = f"Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: {SUITE}\nComponents: main\n"
    (apt / "sources.list.d/debian.sources").write_text(source)


def _started(stack: ExitStack, command: list[str], cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Start what lasts as long as the block, and wait for its first sign."""
    process = stack.enter_context(subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE))
    stack.callback(process.kill)
    assert process.stdout
    assert process.stdout.read(1), f"{command[0]} ended"
    return process


def _inside(network: int, *command: str) -> subprocess.CompletedProcess[str]:
    nsenter = ("nsenter", f"--net=/proc/{network}/ns/net")
    return subprocess.run([*nsenter, *command], check=True, capture_output=True, text=True)
