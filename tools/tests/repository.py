"""Git repositories made of this one's files, for tests that change them."""

import io
import json
import subprocess
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.images.__main__ import main
from tools.images.tree import working_tree

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "registry.example/wafer-fault-dev"


@dataclass(frozen=True, slots=True)
class Repository:
    """A clone that a test may change and commit to."""

    root: Path

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def clone(self, into: Path) -> "Repository":
        self.git("clone", "--quiet", "--shared", str(self.root), str(into))
        return Repository(into)

    def append(self, path: str, text: str = "\n# changed\n") -> None:
        """Add text to a file, which may be a new one."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + text)

    def commit(self, subject: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def images(self, *arguments: str) -> str:
        """Output of the command `tools.images` over this repository, with the code of the one under test."""
        options = ("--root", str(self.root), "--lock", str(self.root / "images.lock"))
        with redirect_stdout(io.StringIO()) as out:
            assert main([*options, *arguments]) == 0
        return out.getvalue()

    def plan(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Image -> its step of the plan."""
        steps = json.loads(self.images("plan", "--json", *arguments))["images"]
        return {step["name"]: step for step in steps}


def copy_of_this_one(into: Path) -> Repository:
    """One commit with the files of this repository as they are now."""
    for name, content in working_tree(ROOT).items():
        file = into / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod((ROOT / name).stat().st_mode)
    repository = Repository(into)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.commit("first")
    return repository
