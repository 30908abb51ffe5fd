"""Only `wafer.process` changes a whole process: its exit, environment, garbage collector, modules and log levels."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHANGES = {
    "os._exit", "os.putenv", "os.unsetenv", "gc.set_threshold", "gc.disable", "gc.enable", "gc.freeze",
    "atexit.register", "setLevel", "set_tracking_uri", "set_registry_uri",
}  # fmt: skip
KEPT = ("os.environ", "sys.modules")  # to be read only
ALTERING = {"update", "setdefault", "pop", "popitem", "clear", "__setitem__"}


def sources() -> list[str]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    paths = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    product = [path for path in paths if "tests" not in Path(path).parts and Path(path).name != "conftest.py"]
    return sorted(path for path in product if path != "wafer/process.py" and (ROOT / path).is_file())


def changes(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=name) as called):
                if ast.unparse(called) in CHANGES or name in CHANGES:
                    yield ast.unparse(called)
                if ast.unparse(value) in KEPT and name in ALTERING:
                    yield ast.unparse(called)
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()) if ast.unparse(value) in KEPT:
                yield ast.unparse(node)


def test_no_module_but_wafer_process_changes_the_process() -> None:
    found = {path: list(changes((ROOT / path).read_text(encoding="utf-8"))) for path in sources()}

    assert len(found) > 100
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize(
    "line",
    [
        "os._exit(0)",
        "gc.set_threshold(1)",
        "sys.modules['sklearn'] = None",
        "sys.modules.setdefault('sklearn', None)",
        "os.environ['A'] = 'b'",
        "del os.environ['A']",
        "os.environ.update(A='b')",
        "logging.getLogger('mlflow').setLevel(30)",
        "mlflow.set_tracking_uri('x')",
    ],
)
def test_each_kind_of_change_is_seen(line: str) -> None:
    assert list(changes(line))


@pytest.mark.parametrize(
    "line", ["os.environ['A']", "dict(os.environ) | {'A': 'b'}", "'x' in sys.modules", "gc.collect()"]
)
def test_looking_is_no_change(line: str) -> None:
    assert list(changes(line)) == []
