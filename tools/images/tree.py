"""The repository's files as they are now, or as they were at a revision."""

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

Tree = Mapping[str, bytes]


class UnknownRevision(Exception):
    """Git does not know a revision here: a typing error, or a clone too shallow to hold it."""


def working_tree(root: Path) -> dict[str, bytes]:
    """Path -> content of every file that is committed or about to be."""
    names = git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z").decode().split("\0")
    return {name: (root / name).read_bytes() for name in names if name and (root / name).is_file()}


def tree_at(root: Path, revision: str) -> dict[str, bytes]:
    """Path -> content of every file at a revision. Raises `UnknownRevision`."""
    try:
        commit = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except subprocess.CalledProcessError as exc:
        raise UnknownRevision(f"git knows no revision {revision!r} here") from exc
    archive = io.BytesIO(git(root, "archive", "--format=tar", commit.decode().strip()))
    with tarfile.open(fileobj=archive) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isfile()}  # type: ignore[union-attr]


def head(root: Path) -> str:
    """The commit that is checked out."""
    return git(root, "rev-parse", "HEAD").decode().strip()


def git(root: Path, *arguments: str) -> bytes:
    """Output of a git command in the repository, whoever owns its folder."""
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True).stdout  # noqa: S603 - fixed command
