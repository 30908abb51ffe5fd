"""A worker does the units of a task whose image has fewer packages, and of none whose code or packages differ."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wafer.engine import content

VERSIONS = {"numpy": "2", "pyarrow": "25", "scikit-learn": "1.9", "xgboost-cpu": "3"}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[str]]:
    """What a worker with these packages offers."""

    def offers(**changed: str) -> set[str]:
        versions = VERSIONS | {name.replace("_", "-"): version for name, version in changed.items()}
        monkeypatch.setattr(content, "_version", lambda name: versions.get(name, ""))
        return set(content.contents())

    return offers


@pytest.mark.parametrize("package", ["raw_data_validation_train", "model_training", "wafer"])
def test_units_of_an_image_with_fewer_packages_are_done(package: str, worker: Callable[..., set[str]]) -> None:
    offered = worker()

    worker(scikit_learn="", xgboost_cpu="")

    assert content.content(package) in offered


def test_another_version_of_what_computes_is_refused(worker: Callable[..., set[str]]) -> None:
    offered = worker()

    worker(pyarrow="26")

    assert content.content("raw_data_validation_train") not in offered


def test_a_worker_that_lacks_what_the_task_has_is_refused(worker: Callable[..., set[str]]) -> None:
    offered = worker(xgboost_cpu="")

    worker()

    assert content.content("model_training") not in offered


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """The content of the training stage in a copy of the code, after a file of the library was changed."""
    for folder in ("wafer", "model_training"):
        shutil.copytree(content._ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(content, "_ROOT", tmp_path)

    def changed(name: str) -> str:
        with (tmp_path / "wafer" / name).open("a") as file:
            file.write("# changed\n")
        content._code.cache_clear()
        return content.content("model_training")

    yield changed
    content._code.cache_clear()


def test_only_code_that_the_units_may_execute_counts(code: Callable[[str], str]) -> None:
    here = content.content("model_training")

    assert code("registry/registry.py") == here  # no training reads it: its image is not built again either
    assert code("progress.py") != here
