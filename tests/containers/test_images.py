"""What the built images promise, each asked in a container as strict as a cluster makes them."""

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.containers.conftest import Image

pytestmark = pytest.mark.xdist_group("containers")
ROOT = Path(__file__).parents[2]
INSTALLED = """
import importlib.metadata, json, platform, re
found = importlib.metadata.distributions()
packages = {re.sub(r"[-_.]+", "-", each.name.lower()): each.version for each in found}
print(json.dumps({"packages": packages, "python": platform.python_version()}))
"""
LOOK = """
import json, os, pathlib, shutil, sys
import kfp.dsl.executor_main
tools = [name for name in ("pip", "uv", "gcc", "cc", "make", "apt", "apt-get", "git", "curl") if shutil.which(name)]
here = pathlib.Path("/app")
site = pathlib.Path(kfp.__file__).parents[1]
print(json.dumps({
    "user": os.getuid(),
    "python": sys.executable,
    "tools": tools,
    "packages": sorted(path.name for path in here.iterdir()),
    "tests": [str(path) for path in here.rglob("tests")],
    "without_bytecode": [
        str(path) for path in here.rglob("*.py") if not list((path.parent / "__pycache__").glob(f"{path.stem}.*"))
    ],
    "kfp_bytecode": len(list((site / "kfp").rglob("*.pyc"))),
    "secrets": [str(path) for path in pathlib.Path("/run/secrets").rglob("*")] if os.path.isdir("/run/secrets") else [],
    "tmp": os.listdir("/tmp"),
}))
"""


def locked(name: str, python: str) -> dict[str, str]:
    """Package -> version that a Python on Linux installs from a lock."""
    pins = re.findall(r"^([a-z0-9][\w.-]*==[^\\\n]+)", (ROOT / "locks" / f"{name}.txt").read_text(), re.MULTILINE)
    here = {"sys_platform": "linux", "platform_system": "Linux", "python_full_version": python}
    wanted = [Requirement(pin) for pin in pins]
    return {
        each.name: str(each.specifier).removeprefix("==")
        for each in wanted
        if not each.marker or each.marker.evaluate({**here, "python_version": ".".join(python.split(".")[:2])})
    }


def test_an_image_holds_its_stage_and_nothing_to_build_with(image: Image) -> None:
    ended = image.python(LOOK)
    assert ended.code == 0, ended.err

    found = json.loads(ended.out)

    ours = {"pipelines", "wafer_fault_prediction.dist-info"} if image.name == "application" else set()
    assert set(found["packages"]) == {image.name, "wafer", *ours}
    assert found["python"] == "/opt/wafer/bin/python3"
    assert found["user"] == 1000
    assert found["tools"] == found["tests"] == found["secrets"] == found["tmp"] == []
    assert found["without_bytecode"] == []
    assert found["kfp_bytecode"] > 50


def test_an_image_has_the_locked_packages_and_no_other(image: Image) -> None:
    found = json.loads(image.python(INSTALLED).out)
    ours = found["packages"].pop("wafer-fault-prediction", None)

    assert found["packages"] == locked(image.name, found["python"])
    assert (ours is not None) == (image.name == "application")  # the others are asked for no version


def test_an_image_runs_for_any_user_that_a_cluster_picks(image: Image) -> None:
    ended = image.run("--help", entrypoint=image.facts["Config"]["Entrypoint"][0], user="54321:0")

    assert ended.code == 0, ended.err
    assert "Usage" in ended.out


def test_the_image_of_a_stage_imports_everything_the_stage_does(image: Image) -> None:
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / image.name).rglob("*.py")
        if "tests" not in path.parts and path.stem != "__main__"
    )

    ended = image.python(f"import importlib\nfor name in {modules}: importlib.import_module(name)")

    assert ended.code == 0, ended.err


def test_an_image_says_what_it_is_and_names_no_secret(image: Image) -> None:
    labels, environment = image.facts["Labels"], image.facts["Config"]["Env"]

    assert labels["org.opencontainers.image.title"] == f"wafer-fault/{image.name}"
    assert re.fullmatch(r"\d+\.\d+\.\d+", labels["org.opencontainers.image.version"])
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", labels["org.opencontainers.image.revision"])
    assert image.facts["User"] == "1000:1000"
    names = {entry.partition("=")[0] for entry in environment}
    assert names == {"PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "HOME", "USER", *_of(image)}
    history = json.dumps(image.facts["History"])
    assert not re.search(r"(?i)password|token|aws_|://[^ ]*@", history)


def _of(image: Image) -> set[str]:
    return {"WAFER_HOME"} if image.name == "application" else set()


def test_images_share_what_all_of_them_need(images: dict[str, Image]) -> None:
    layers = [image.facts["RootFS"]["Layers"] for image in images.values()]

    shared = [first for first, *others in zip(*layers, strict=False) if set(others) <= {first}]

    assert len(shared) >= 3  # the base, the shared lock, its packages


def test_an_image_can_be_named_by_digest(images: dict[str, Image]) -> None:
    digests = {image.facts["Digest"] for image in images.values()}

    assert len(digests) == len(images)
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in digests)


def test_only_the_application_is_asked_for_its_health(images: dict[str, Image]) -> None:
    asked = {name for name, image in images.items() if image.facts.get("Healthcheck")}

    assert asked == {"application"}
