"""Synthetic batches meet the contract exactly as their note says."""

from pathlib import Path
from typing import Literal

import pytest

from application.synthetic import write_synthetic
from raw_data_validation_train.stage import validate_batches
from wafer.contract import load_contract
from wafer.store import list_batches


@pytest.mark.parametrize(("kind", "good_files", "bad_rows"), [("training", 8, 4), ("prediction", 4, 3)])
def test_the_contract_refuses_what_was_made_bad_and_nothing_else(
    tmp_path: Path, kind: Literal["training", "prediction"], good_files: int, bad_rows: int
) -> None:
    synthetic = write_synthetic(tmp_path / "synthetic")

    validated = validate_batches(
        list_batches(str(tmp_path / "synthetic" / kind)),
        load_contract(kind),
        accepted=tmp_path / "accepted",
        manifest=tmp_path / "manifest.json",
        quarantine=tmp_path / "quarantine",
        report=tmp_path / "report.html",
    )

    refused = {f"{kind}/{file.name}" for file in validated.files if file.verdict == "bad"}
    good = [file for file in validated.files if file.verdict == "good"]
    assert refused == {name for name in synthetic.refused if name.startswith(kind)}
    assert sum(file.rows_good for file in good) == 100 * good_files
    assert sum(file.rows_quarantined for file in good) == bad_rows
