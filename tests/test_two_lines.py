"""Two lines side by side in one installation: each with its contract, its model and its outcomes."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from application.cli.app import main
from application.runs.run import new_run
from tests.commands import Ended, end_of
from wafer.errors import ContractInvalid

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.slow]
SENSORS = [f"Sensor {number}" for number in range(1, 7)]
LINES = ("line-a", "line-b")


@dataclass(frozen=True)
class Installation:
    """A home with two lines, whose wafers and sensors have the same names."""

    home: Path
    drops: Path

    def wafer(self, *words: str | Path) -> Ended:
        ours = {"WAFER_STORE", "WAFER_LEDGER", "MONGODB_URI", "MLFLOW_TRACKING_URI", "KFP_ENDPOINT", "WAFER_CONTRACT"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        with patch.dict(os.environ, kept | {"WAFER_HOME": str(self.home)}, clear=True):
            return end_of(main, "wafer", *words)

    def versions(self, *words: str) -> list[tuple[int, list[str]]]:
        return [(each["version"], each["aliases"]) for each in self.wafer("models", *words, "--json").json["models"]]


def schema(*, outcome: bool) -> str:
    columns = {"Wafer": "varchar", **dict.fromkeys(SENSORS, "float"), **({"Output": "Integer"} if outcome else {})}
    form = {"SampleFileName": "lot.csv", "LengthOfDateStampInFile": 0, "LengthOfTimeStampInFile": 0}
    return json.dumps({**form, "NumberofColumns": len(columns), "ColName": columns})


def write_lot(path: Path, seed: int, telling: int, *, outcome: bool) -> None:
    """A lot of 100 wafers, whose outcome one sensor tells; the lines' wafers have the same names."""
    random = np.random.default_rng(seed)
    failed = random.random(100) < 0.25
    readings = random.normal(100, 5, (100, len(SENSORS)))
    readings[:, telling] += 12 * failed
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [",".join(["Wafer", *SENSORS, *(["Output"] if outcome else [])])]
    for number, (values, bad) in enumerate(zip(readings, failed, strict=True), start=1):
        rows.append(
            ",".join([f"{path.stem}-{number}", *map(str, values), *([str(2 * int(bad) - 1)] if outcome else [])])
        )
    path.write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Both lines' contracts are added and both lines are trained."""
    folder = tmp_path_factory.mktemp("lines")
    made = Installation(folder / "home", folder)
    for seed, line in enumerate(LINES):
        contract = folder / f"{line}-contract"
        contract.mkdir()
        (contract / "schema_training.json").write_text(schema(outcome=True))
        (contract / "schema_prediction.json").write_text(schema(outcome=False))
        (contract / "contract.yaml").write_text('file_name: {form: "*.csv"}\n')
        for lot in (1, 2):
            write_lot(folder / line / "train" / f"lot-{lot}.csv", 10 * seed + lot, telling=seed, outcome=True)
        write_lot(folder / line / "new" / "lot-3.csv", 10 * seed + 3, telling=seed, outcome=False)
        write_lot(folder / line / "known" / "lot-3.csv", 10 * seed + 3, telling=seed, outcome=True)
        assert made.wafer("contract", "add", line, contract).code == 0
        trained = made.wafer("train", folder / line / "train", "--contract", line, "--max-clusters", "1", "--json")
        assert trained.code == 0, trained.err
        assert trained.json["promoted"]
    return made


def test_each_line_has_a_production_version_of_its_own(installation: Installation) -> None:
    assert [installation.versions("--contract", line) for line in LINES] == [[(1, ["production"])]] * 2
    assert installation.versions() == []

    assert installation.wafer("models", "promote", "1", "--contract", "line-b").code == 0
    history = installation.wafer("models", "history", "--contract", "line-a", "--json").json["changes"]
    assert [(each["version"], each["change"]) for each in history] == [(1, "promotion")]


def test_each_line_is_predicted_by_its_own_model_and_judged_by_its_own_outcomes(installation: Installation) -> None:
    for line in LINES:
        drops = installation.drops / line
        assert installation.wafer("predict", drops / "new", "--contract", line, "--json").code == 0
        assert installation.wafer("outcomes", drops / "known", "--contract", line, "--json").code == 0

    for line in LINES:
        card = installation.wafer("models", "scorecard", "--contract", line, "--json").json
        assert card["total"]["wafers"] == 100
        assert card["total"]["auc"]["value"] > 0.8  # by the sensor that tells it on this line; chance on the other


def test_a_line_without_a_model_is_never_given_that_of_another(installation: Installation) -> None:
    contract, new = installation.drops / "line-a-contract", installation.drops / "line-a" / "new"
    installation.wafer("contract", "add", "line-c", contract)

    without = installation.wafer("predict", new, "--contract", "line-c", "--json")

    assert (without.code, without.json["error"]["code"]) == (1, "NO_PRODUCTION_MODEL")
    assert "'line-c'" in without.json["error"]["message"]


def test_the_files_of_one_line_and_the_name_of_another_are_refused(installation: Installation) -> None:
    new = installation.drops / "line-a" / "new"
    shown = installation.wafer("contract", "show", "line-b").out
    schema_b = next(line.split(": ")[1] for line in shown.splitlines() if "prediction schema" in line)

    both = installation.wafer("predict", new, "--contract", "line-a", "--schema", schema_b)
    with pytest.raises(ContractInvalid, match=r"of the contract 'line-b', and the run is of 'field'"):
        new_run("predict", str(new), {"schema": schema_b})
    unknown = installation.wafer("predict", new, "--contract", "line-x")

    assert both.code == 2
    assert (unknown.code, "line-a, line-b" in unknown.err) == (1, True)


def test_a_changed_contract_is_for_new_runs(installation: Installation) -> None:
    versions = installation.versions("--contract", "line-b")
    (run,) = [each for each in installation.wafer("runs", "--json").json["runs"] if each["contract"] == "line-b"][-1:]
    before = installation.wafer("contract", "show", "line-b", "--json").json

    policy = installation.drops / "changed.yaml"
    policy.write_text('{file_name: {form: "*.csv"}, silent_sensors: 0.5}')
    added = installation.wafer("contract", "add", "line-b", installation.drops / "line-b-contract", "--policy", policy)

    assert added.code == 0
    after = installation.wafer("contract", "show", "line-b", "--json").json
    assert (run["contract_digest"], before["digest"] != after["digest"]) == (before["digest"], True)
    assert installation.versions("--contract", "line-b") == versions
