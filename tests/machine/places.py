"""Stand-ins of the places that the script fetches from besides Debian, by TLS on port 443 of the machine's loopback.

What they serve does nothing but be there: Jenkins, the agent of Session Manager, cosign, Terraform, the plugin manager.
"""

import hashlib
import subprocess
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import trustme

_SERVER = """
import http.server, ssl, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def translate_path(self, path):
        return super().translate_path("/" + self.headers["Host"] + path)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Places:
    """A folder a host below `root`; `authority` signs for all of them."""

    folder: Path
    hosts: tuple[str, ...]

    @property
    def authority(self) -> Path:
        """Certificate to trust."""
        return self.folder / "authority.crt"

    def command(self, python: str) -> list[str]:
        """What serves them until it is ended; prints a line when it is ready."""
        return [python, "-c", _SERVER, str(self.folder / "server.pem")]


def write_places(folder: Path, region: str, jenkins: str) -> Places:
    """Write what the hosts serve: `jenkins` is the version of its package."""
    hosts = ("pkg.jenkins.io", f"s3.{region}.amazonaws.com", "releases.hashicorp.com", "github.com")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.crt")
    authority.issue_cert(*hosts).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    _write_repository(folder / "pkg.jenkins.io" / "debian-stable", jenkins)
    return Places(folder, hosts)


def serve(places: Places, url: str, content: Path) -> None:
    """Let one of the hosts serve a file."""
    path = places.folder / url.removeprefix("https://")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.read_bytes())


def package(folder: Path, name: str, version: str, after: str = "true") -> Path:
    """A Debian package without files; `after` is what it does once it is unpacked."""
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: tests\nDescription: stand-in\n"
    (tree / "DEBIAN" / "control").write_text(control)
    script = tree / "DEBIAN" / "postinst"
    script.write_text(f"#!/bin/sh\nset -e\n{after}\n")
    script.chmod(0o755)
    made = folder / f"{name}.deb"
    _run("dpkg-deb", "--root-owner-group", "--build", str(tree), str(made))
    return made


def archive(path: Path, name: str, text: str) -> Path:
    """A zip archive with one program."""
    with zipfile.ZipFile(path, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o755 << 16
        made.writestr(entry, text)
    return path


def jar(path: Path) -> Path:
    """A Java program that writes down its arguments in the plugins' folder."""
    source = path.parent / "Plugins.java"
    source.write_text(
        textwrap.dedent("""
        import java.nio.file.*;
        public class Plugins {
            public static void main(String[] words) throws Exception {
                Path folder = Path.of(words[words.length - 1]);
                Files.createDirectories(folder);
                Files.writeString(folder.resolve("arguments"), String.join(" ", words));
            }
        }
        """)
    )
    _run("javac", "--release", "17", str(source))
    _run("jar", "--create", "--file", str(path), "--main-class", "Plugins", "-C", str(path.parent), "Plugins.class")
    return path


def _write_repository(folder: Path, version: str) -> None:
    """A signed Debian repository with Jenkins in it, which makes its user and folder as the real package does."""
    binary = folder / "binary"
    binary.mkdir(parents=True)
    user = "useradd --system --home-dir /var/lib/jenkins --shell /bin/bash jenkins"
    made = package(folder, "jenkins", version, f"{user}\nmkdir -p /usr/share/java\ntouch /usr/share/java/jenkins.war")
    (binary / made.name).write_bytes(made.read_bytes())
    control = (folder / "jenkins" / "DEBIAN" / "control").read_text()
    packages = f"{control}Filename: binary/{made.name}\nSize: {made.stat().st_size}\nSHA256: {_sha256(made)}\n"
    (binary / "Packages").write_text(packages)
    listed = binary / "Packages"
    release = f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {_sha256(listed)} {listed.stat().st_size} Packages\n"
    (binary / "Release").write_text(release)
    _sign(binary / "Release", folder)


def _sign(release: Path, folder: Path) -> None:
    gpg = ("gpg", "--homedir", str(folder / "gpg"), "--batch", "--quiet", "--passphrase", "")
    (folder / "gpg").mkdir(mode=0o700)
    _run(*gpg, "--quick-generate-key", "tests", "rsa3072", "sign", "never")
    _run(*gpg, "--clearsign", "--output", str(release.with_name("InRelease")), str(release))
    _run(*gpg, "--armor", "--export", "--output", str(folder / "key.asc"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
