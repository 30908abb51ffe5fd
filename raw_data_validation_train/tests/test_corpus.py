"""Every input of the corpus gets the verdict it must get, alone and among the others."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from raw_data_validation_train.tests.corpus import Case, accept, reject, write
from raw_data_validation_train.tests.drop import validate
from wafer.contract import load_contract


def validate_case(case: Case, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    write([case], tmp_path / "drop")
    if not case.file.lower().endswith(".csv"):
        (tmp_path / "drop" / "wafer_01012020_000000.csv").write_bytes(b"")
    manifest = validate(tmp_path / "drop", tmp_path, case.kind, case.policy)
    return manifest, next(file for file in manifest["files"] if file["name"] == case.file)


def test_the_corpus_is_large_enough() -> None:
    assert len(accept()) >= 12
    assert len(reject()) >= 45
    assert len({case.title for case in (*accept(), *reject())}) == len(accept()) + len(reject())


@pytest.mark.parametrize("case", accept(), ids=str)
def test_a_good_input_is_accepted_whole(case: Case, tmp_path: Path) -> None:
    manifest, file = validate_case(case, tmp_path)

    assert (file["verdict"], file["codes"], manifest["rows"]) == ("good", [], [])
    assert file["rows_in"] == file["rows_good"] == case.rows_in
    table = parquet.read_table(tmp_path / "accepted" / f"{Path(case.file).stem}.parquet")
    assert table.num_rows == case.rows_in
    assert not list((tmp_path / "quarantine").iterdir())


@pytest.mark.parametrize("case", [case for case in reject() if case.codes], ids=str)
def test_a_bad_file_is_refused_with_every_reason(case: Case, tmp_path: Path) -> None:
    _, file = validate_case(case, tmp_path)

    assert (file["verdict"], tuple(file["codes"])) == ("bad", case.codes)
    assert (file["rows_in"], file["rows_good"], file["rows_quarantined"]) == (case.rows_in, 0, case.rows_in)
    assert all(message.endswith(".") for message in file["messages"])
    assert (tmp_path / "quarantine" / case.file).read_bytes() == case.data


@pytest.mark.parametrize("case", [case for case in reject() if case.rows], ids=str)
def test_a_bad_row_never_costs_the_file_its_good_rows(case: Case, tmp_path: Path) -> None:
    manifest, file = validate_case(case, tmp_path)

    bad = sum(case.rows.values())
    assert (file["verdict"], file["codes"], file["row_codes"]) == ("good", [], case.rows)
    assert (file["rows_in"], file["rows_good"]) == (case.rows_in, case.rows_in - bad)
    assert sorted(row["code"] for row in manifest["rows"]) == sorted(
        code for code, times in case.rows.items() for _ in range(times)
    )
    table = parquet.read_table(tmp_path / "accepted" / f"{Path(case.file).stem}.parquet")
    assert table.num_rows == case.rows_in - bad


def test_the_verdicts_on_the_real_batches_are_the_expected_ones(real_data: Path, tmp_path: Path) -> None:
    expected = json.loads((real_data / "expected_verdicts.json").read_text())

    for kind in ("training", "prediction"):
        manifest = validate(real_data / kind, tmp_path / kind, kind)

        assert {
            file["name"]: {
                "verdict": file["verdict"],
                "reasons": file["codes"],
                "rows": file["rows_in"],
                "silent_sensors": file["silent_sensors"],
            }
            for file in manifest["files"]
        } == expected[kind]
        assert manifest["rows"] == []


def test_the_fields_own_schemas_are_the_contract_that_is_shipped(real_data: Path) -> None:
    for kind in ("training", "prediction"):
        assert load_contract(kind, real_data / f"schema_{kind}.json").digest == load_contract(kind).digest
