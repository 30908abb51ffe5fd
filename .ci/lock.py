"""Write requirements.lock and locks/<stage>.txt from pyproject.toml: exact versions with hashes, no address of any index.

`make lock` keeps the versions it finds; `make lock UPGRADE=1` takes newer ones. The first line of every lock is a digest of
what it was made from, so that a stale lock is found without a network.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT_LOCK = ROOT / "requirements.lock"
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--fork-strategy=fewest",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-config",
    "--quiet",
)


def pyproject() -> dict[str, dict[str, object]]:
    """The project file, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def stages() -> list[str]:
    """Dependency groups that are a stage's: they are named as its folder."""
    groups = pyproject()["dependency-groups"]
    return sorted(name for name in groups if (ROOT / name / "__init__.py").exists())


def lock_of(stage: str) -> Path:
    """Path of the lock that a stage's image installs."""
    return ROOT / "locks" / f"{stage}.txt"


def first_line(stage: str = "") -> str:
    """What the first line of an up-to-date lock says; without a stage, of the project's lock."""
    project = pyproject()
    made_from = [OPTIONS, project["project"]["requires-python"], project["dependency-groups"]]
    made_from += [stage, PROJECT_LOCK.read_text(encoding="utf-8")] if stage else [project["project"]["dependencies"]]
    digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    return f"# made by `make lock` from pyproject.toml, digest {digest[:16]}"


def compile_lock(path: Path, *arguments: str) -> None:
    """Resolve into `path`, keeping the versions that are there; settings of this machine have no say."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("UV_FIND", "PIP_"))}
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", *OPTIONS, *arguments, f"--output-file={path.relative_to(ROOT)}"]
    subprocess.run(command, cwd=ROOT, env=ours, check=True, stdout=subprocess.DEVNULL)


def sign(path: Path, line: str) -> None:
    """Put the line before the pins."""
    path.write_text(f"{line}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


def main() -> None:
    """Write all locks; those of stages take their versions from the project's."""
    compile_lock(PROJECT_LOCK, "pyproject.toml", "--group=dev", *sys.argv[1:])
    sign(PROJECT_LOCK, first_line())
    (ROOT / "locks").mkdir(exist_ok=True)
    for stage in stages():
        lock_of(stage).unlink(missing_ok=True)
        compile_lock(lock_of(stage), f"--group={stage}", f"--constraints={PROJECT_LOCK.name}")
        sign(lock_of(stage), first_line(stage))


if __name__ == "__main__":
    main()
