"""A place in the store is spelled in one module: `wafer/store/layout.py`."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from wafer.store import layout

ROOT = Path(__file__).parents[2]
PLACES = re.compile(
    r"(raw/(train|predict|outcomes)|quarantine/|training/|predictions/|outcomes/|kfp/)|pipelines/((train|predict|outcomes)\.yaml)?$"
)
FILES = {
    "InputFile.csv",
    "manifest.json",
    "decision.json",
    "outcome.json",
    "predictions.csv",
    "predictions.parquet",
    "matched.parquet",
    "_SUCCESS.json",
}
OTHERS = {
    "wafer/store/layout.py",
    "application/synthetic/batches.py",  # names folders of a drop on disk
}


def modules() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = (Path(name) for name in listed.splitlines() if name not in OTHERS)
    return [path for path in found if not {"tests", "benchmarks"} & set(path.parts) and (ROOT / path).exists()]


def spelled(tree: ast.Module) -> Iterator[str]:
    """Every text of a module but its docstrings."""
    told = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in told:
            yield each.value


def test_no_other_module_spells_a_place_in_the_store() -> None:
    found = {
        f"{path}: {text}"
        for path in modules()
        for text in spelled(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if PLACES.match(text) or text in FILES
    }

    assert found == set()


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (layout.batch_set("train", "march"), "raw/train/march"),
        (layout.batch_set("predict", "lot-7"), "raw/predict/lot-7"),
        (layout.quarantine("r"), "quarantine/r"),
        (layout.published("train", "r"), "training/r"),
        (layout.published("predict", "r"), "predictions/r"),
        (layout.batch_set("outcomes", "march"), "raw/outcomes/march"),
        (layout.published("outcomes", "r"), "outcomes/r"),
        (layout.decision("r"), "training/r/decision.json"),
        (layout.package("train"), "pipelines/train.yaml"),
        (layout.stage_record("r", "train-0"), "kfp/r/stages/train-0.json"),
        (layout.outcome("r"), "kfp/r/outcome.json"),
    ],
)
def test_what_lies_in_a_store_today_is_found_tomorrow(key: str, place: str) -> None:
    assert key == place
