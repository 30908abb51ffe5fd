"""`wafer backtest`: the figures that a training would have promised, without a run, a store or a registry."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from application.cli.app import main
from data_transformation_train.stage import transform_batches
from model_training.stage import fit_global_models
from preprocessing_train.stage import fit_preprocessor
from raw_data_validation_train.stage import validate_batches
from tests.commands import Ended, end_of
from tests.faults.line import QUICK, SCHEMA, write_drop
from wafer.contract import load_contract
from wafer.process import environment
from wafer.store import list_batches
from wafer.wafers.arrays import EXPORT_FILE

pytestmark = pytest.mark.slow  # each test trains

ROWS = 60
Backtest = Callable[..., Ended]


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drop(tmp_path_factory.mktemp("line") / "drop", files=5, rows=ROWS)


@pytest.fixture
def backtest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backtest:
    """The command with few trees, in a home that must stay empty."""
    monkeypatch.setattr("wafer.model.recipe.FAMILIES", QUICK.families)

    def run(*words: object, schema: str = SCHEMA) -> Ended:
        with environment({"WAFER_HOME": str(tmp_path / "home"), "WAFER_STORE": "", "MLFLOW_TRACKING_URI": ""}):
            done = end_of(main, "wafer", "backtest", *words, f"--schema={schema}")
        assert not (tmp_path / "home").exists(), "no run, no store, no registry"
        return done

    return run


def test_it_tells_each_later_file_and_all_together(backtest: Backtest, drop: Path, tmp_path: Path) -> None:
    done = backtest(drop, "--json", f"--out={tmp_path / 'figures.json'}")

    assert done.code == 0, done.err
    found = done.json["backtest"]
    assert json.loads((tmp_path / "figures.json").read_text()) == done.json
    files = [each["name"] for each in found["files"]]
    assert sorted([*found["first_past"], *files]) == sorted(path.name for path in drop.iterdir())
    assert files == sorted(files)
    assert [each["learned_from"] for each in found["files"]] == sorted(each["learned_from"] for each in found["files"])
    for rule in ("fixed", "recent"):
        for count in ("found", "false_alarms"):
            assert sum(each[rule][count] for each in found["files"]) == found["pooled"][rule][count]
        share = found["pooled"][rule]["recall"]
        assert share["low"] < share["value"] == found["pooled"][rule]["found"] / found["pooled"]["failures"]
    assert found["pooled"]["auc"]["low"] < found["pooled"]["auc"]["value"] < found["pooled"]["auc"]["high"]
    assert found["pooled"]["pr_auc"]["value"] > 0.5


def test_its_figures_are_those_of_a_training(backtest: Backtest, drop: Path, tmp_path: Path) -> None:
    export, training = tmp_path / "export", tmp_path / "training.parquet"
    contract = load_contract("training", SCHEMA)
    names = ("accepted", "manifest", "quarantine", "report")
    validate_batches(list_batches(str(drop)), contract, None, **{name: tmp_path / name for name in names})
    transform_batches(tmp_path / "accepted", export / EXPORT_FILE, contract)
    fit_preprocessor(export, tmp_path / "preprocessor", training, QUICK)

    told = backtest(drop, "--json").json["backtest"]["pooled"]
    trained = fit_global_models(training, tmp_path / "preprocessor", tmp_path / "global", QUICK).forward

    assert trained is not None
    assert (told["auc"]["value"], told["pr_auc"]["value"]) == (trained.auc, trained.pr_auc)
    assert (told["wafers"], told["fixed"]["found"]) == (trained.pooled.wafers, trained.pooled.fixed.found)


def test_a_person_reads_a_row_a_file(backtest: Backtest, drop: Path) -> None:
    done = backtest(drop, "--false-alarm-budget=0.05")

    assert done.code == 0, done.err
    rows = [line for line in done.out.splitlines() if line.strip().startswith(("wafer_", "all"))]
    assert len(rows) >= 3
    assert "budget 5.0 %" in done.out
    assert "Only learned from: " in done.out


def test_what_cannot_be_tested_says_why(backtest: Backtest, drop: Path, tmp_path: Path) -> None:
    one = write_drop(tmp_path / "one", files=1, rows=30)
    unlabelled = tmp_path / "unlabelled"
    unlabelled.mkdir()
    for path in drop.iterdir():
        rows = [line.rpartition(",")[0] for line in path.read_text().splitlines()]
        (unlabelled / path.name).write_text("\n".join(rows))
    few = write_drop(tmp_path / "few", files=2, rows=12)
    undated = '{"file_name": {"form": "*.csv"}}'

    assert "DATA_UNLEARNABLE" in (alone := backtest(one)).err
    assert "two good files" in alone.err
    assert "NO_GOOD_FILES" in (without := backtest(unlabelled)).err
    assert "Output" in without.err
    assert "DATA_UNLEARNABLE" in backtest(few).err
    assert "no date in their name" in " ".join(backtest(drop, f"--policy={undated}").err.split())
    assert "SOURCE_NOT_FOUND" in backtest(tmp_path / "nowhere").err
