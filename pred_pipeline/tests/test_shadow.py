"""A version that waits for a person is asked about the same wafers, next to the predictions and never among them."""

import json
import shutil
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.parquet as pq
import pytest

from pred_pipeline.recent_scores import RecentScores
from pred_pipeline.serving import fetch_candidate
from pred_pipeline.shadow import predict_in_shadow
from pred_pipeline.stage import predict_wafers
from pred_pipeline.tests.conftest import Export
from wafer.errors import BundleRejected, RegistryUnavailable
from wafer.evaluation.rule import Rule
from wafer.model.files import verify_bundle
from wafer.registry import ModelVersion, Registry
from wafer.store import open_store


class Candidates:
    """A registry in which a version waits for a person, or none does, or which is away."""

    def __init__(self, bundle: Path, waiting: ModelVersion | None, *, away: bool = False) -> None:
        self._bundle, self._waiting, self._away = bundle, waiting, away

    def candidate(self) -> ModelVersion | None:
        if self._away:
            raise RegistryUnavailable("It does not answer.")
        return self._waiting

    def download(self, number: int, folder: Path) -> Path:
        assert self._waiting
        assert number == self._waiting.version
        return Path(shutil.copytree(self._bundle, folder))


def waiting(bundle: Path, digest: str = "") -> ModelVersion:
    return ModelVersion(7, digest or verify_bundle(bundle).digest, "train-7", "", ())


def fetched(registry: Candidates, folder: Path) -> int:
    return fetch_candidate(cast("Registry", registry), folder)


def test_the_candidate_answers_for_the_same_wafers_in_a_file_of_its_own(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    export, out = make_export(tmp_path / "export"), tmp_path / "out"
    predict_wafers(export, bundle_dir, out, model_version="3", run_id="run-1")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    assert fetched(Candidates(bundle_dir, waiting(bundle_dir)), tmp_path / "candidate") == 7
    done = predict_in_shadow(export, tmp_path / "candidate", out, run_id="run-1", false_alarm_budget=0.1)

    assert done
    assert done.version == 7
    shadow, ours = (pq.read_table(out / name).to_pylist() for name in ("shadow.parquet", "predictions.parquet"))
    assert {each["model_version"] for each in shadow} == {"7"}
    assert {(each["wafer"], each["verdict"], each["probability"]) for each in shadow} == {
        (each["wafer"], each["verdict"], each["probability"]) for each in ours
    }
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.name != "shadow.parquet"} == before


@pytest.mark.parametrize("trouble", ["none waits", "registry away", "altered bundle"])
def test_without_a_candidate_that_can_be_had_a_prediction_goes_on_alone(
    make_export: Export, bundle_dir: Path, tmp_path: Path, trouble: str
) -> None:
    version = None if trouble == "none waits" else waiting(bundle_dir, "0" * 64 if "altered" in trouble else "")

    assert fetched(Candidates(bundle_dir, version, away=trouble == "registry away"), tmp_path / "candidate") == 0
    export = make_export(tmp_path / "export")
    alone = predict_in_shadow(export, tmp_path / "candidate", tmp_path, run_id="run-1", false_alarm_budget=0.1)

    assert alone is None
    assert not (tmp_path / "shadow.parquet").exists()
    if "altered" in trouble:
        with pytest.raises(BundleRejected):
            verify_bundle(bundle_dir, expected_digest="0" * 64)


def test_a_candidate_of_another_contract_is_left_out(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    fetched(Candidates(bundle_dir, waiting(bundle_dir)), tmp_path / "candidate")
    export = make_export(tmp_path / "export")
    table = pq.read_table(export / "wafers.parquet")
    renamed = ["Other - 1" if name == "Sensor - 1" else name for name in table.column_names]
    pq.write_table(table.rename_columns(renamed), export / "wafers.parquet")

    left_out = predict_in_shadow(export, tmp_path / "candidate", tmp_path, run_id="run-1", false_alarm_budget=0.1)

    assert left_out is None
    assert not (tmp_path / "shadow.parquet").exists()


def test_another_budget_of_the_run_holds_for_the_candidate_too(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    export = make_export(tmp_path / "export")
    fetched(Candidates(bundle_dir, waiting(bundle_dir)), tmp_path / "candidate")
    assert json.loads((tmp_path / "candidate" / "candidate.json").read_text()) == {"version": 7}

    flagged = []
    for budget in (0.05, 0.5):
        predict_in_shadow(export, tmp_path / "candidate", tmp_path, run_id="run-1", false_alarm_budget=budget)
        verdicts = pq.read_table(tmp_path / "shadow.parquet")["verdict"].to_pylist()
        flagged.append(int(np.sum([each == "fail" for each in verdicts])))

    assert flagged[0] < flagged[1]


def test_the_candidate_keeps_the_budget_by_the_rule_of_the_predictions(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    fetched(Candidates(bundle_dir, waiting(bundle_dir)), tmp_path / "candidate")
    export, store = make_export(tmp_path / "export", 30), open_store(str(tmp_path / "store"))
    first, second = (RecentScores(store, f"run-{number}") for number in (1, 2))

    def threshold(rule: Rule, recent: RecentScores) -> float:
        done = predict_in_shadow(
            export,
            tmp_path / "candidate",
            tmp_path,
            run_id=recent.run_id,
            false_alarm_budget=0.1,
            rule=rule,
            before=recent.before,
        )
        assert done
        recent.keep(done.digest, done.scored)
        (value,) = set(pq.read_table(tmp_path / "shadow.parquet")["threshold"].to_pylist())
        return float(value)

    fixed = threshold("recent", first)  # too few scores: a candidate begins with none
    export = make_export(tmp_path / "more", 30, seed=12)

    assert threshold("fixed", RecentScores(store, "run-3")) == fixed
    assert threshold("recent", second) != fixed
