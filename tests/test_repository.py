"""Promises about the repository itself: what its files may say, and that its locks are those of its project file."""

import copy
import importlib.util
import os
import re
import subprocess
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import grimp
import pytest

from pipelines.images import ALL, ENGINE, SHARED, STAGES

ROOT = Path(__file__).resolve().parent.parent
# Put together here, so that this file does not say them.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("static", "crates", "io"),
        ("repo", "maven", "apache", "org"),
        ("deb", "debian", "org"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:work|root|home|Users)/\w")


# Imported by functions of the bundle that these stages never call: they write its first parts only, or they serve a
# bundle and fit nothing. `wafer backtest` opens an engine where the stages are, which the application's image lacks.
BEHIND_THE_BUNDLE = {
    "clustering": {"pandas", "xgboost"},
    "preprocessing_train": {"pandas", "sklearn", "xgboost"},
    "model_training": {"pandas"},
    "engine": {"pandas"},
    "load_prod_model": {"sklearn", "xgboost"},
    "pred_pipeline": {"pandas", "sklearn", "xgboost"},
    "application": {"dask", "distributed", "sklearn", "xgboost"},
}


# What the MLflow server imports, which is started of this image and by this lock.
SERVED = {"load_prod_model": {"flask-wtf"}}


def _lock_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", ROOT / ".ci" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lock = _lock_module()


def sources() -> list[Path]:
    """Every file that is committed or about to be."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in found.split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    hits = []
    for path in sources():
        text = path.read_text(encoding="utf-8", errors="replace")
        hits += [
            f"{path.relative_to(ROOT)}: {line.strip()[:100]}" for line in text.splitlines() if pattern.search(line)
        ]
    return hits


def pins(path: Path) -> dict[str, str]:
    """Package -> version; the same package may stand twice under different markers."""
    found = re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", path.read_text(), flags=re.MULTILINE)
    return dict(found)


distributions = cache(packages_distributions)


@cache
def import_graph() -> grimp.ImportGraph:
    packages = lock.pyproject()["tool"]["importlinter"]["root_packages"]
    return grimp.build_graph(
        *packages, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


@cache
def without_stages() -> grimp.ImportGraph:
    """The graph as the application's image holds it: with the pipelines, whose stages are images of their own."""
    graph = copy.deepcopy(import_graph())
    for stage in STAGES:
        for module in (*graph.find_descendants(stage), stage):
            graph.remove_module(module)
    return graph


@cache
def imported(stage: str) -> dict[str, set[str]]:
    """Third-party modules that a stage and what it uses of the library import, early or late -> who provides each."""
    graph = without_stages() if stage == "application" else import_graph()
    starts = (*SHARED, "wafer.engine") if stage == ENGINE else (stage,)
    modules = set(starts).union(*(graph.find_descendants(start) for start in starts))
    upstream = modules.union(*(graph.find_upstream_modules(module) for module in modules))
    provided_by = distributions()
    return {
        module: {re.sub(r"[-_.]+", "-", name.lower()) for name in provided_by[module]}
        for module in upstream
        if graph.is_module_squashed(module)
        and module in provided_by
        and module not in BEHIND_THE_BUNDLE.get(stage, set())
    }


def test_no_file_names_a_package_registry() -> None:
    assert lines_with(re.compile("|".join(map(re.escape, REGISTRY_HOSTS)))) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


@pytest.mark.parametrize("group", lock.locks())
def test_every_lock_was_made_from_the_dependencies_of_now(group: str) -> None:
    assert lock.locks()[group].read_text().splitlines()[0] == lock.first_line(group), "run `make lock`"


@pytest.mark.parametrize("stage", ALL)
def test_a_stage_image_has_the_versions_everything_else_was_tested_with(stage: str) -> None:
    project = pins(lock.PROJECT_LOCK)

    assert pins(lock.locks()[stage]).items() <= project.items()


@pytest.mark.parametrize("group", lock.locks())
def test_every_locked_package_has_hashes_and_no_address(group: str) -> None:
    text = lock.locks()[group].read_text()

    assert "://" not in text
    assert all(line.endswith("\\") for line in text.splitlines() if re.match(r"[a-z0-9]", line))


@pytest.mark.parametrize("stage", ALL)
def test_a_stage_image_installs_what_its_stage_imports(stage: str) -> None:
    installed = pins(lock.locks()[stage]).keys()

    missing = {module: names for module, names in imported(stage).items() if not names & installed}

    assert not missing, f"add them to the dependency group {stage}, then `make lock`"


@pytest.mark.parametrize("stage", ALL)
def test_a_stage_asks_for_nothing_it_does_not_import(stage: str) -> None:
    asked = {name for name in lock.pyproject()["dependency-groups"][stage] if isinstance(name, str)}

    assert asked - set().union(*imported(stage).values()) == SERVED.get(stage, set())


def test_every_image_has_a_lock_and_every_lock_an_image() -> None:
    assert {path.stem for path in (ROOT / "locks").iterdir()} == {"stage", *ALL}  # what all stages share


def test_every_script_of_the_repository_can_be_started() -> None:
    scripts = [path for path in sources() if path.parent.name == ".ci" and path.suffix == ""]

    assert scripts
    assert all(os.access(path, os.X_OK) for path in scripts)
