"""The table of wafers: what every cell means, and that nothing but the wafers decides its bytes."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from data_transformation_train.stage import Transformed, transform_batches
from tests.commands import call
from wafer.contract import Contract, Kind, load_contract
from wafer.contract.file_name import FileName
from wafer.errors import ContractInvalid, ContractMismatch, NoGoodFiles
from wafer.wafers.accepted import accepted_batch, accepted_metadata

Row = tuple[str, float | None, float | None, int]
ROWS: list[Row] = [("W-10", 1.5, None, -1), ("W-9", -0.0, 2.0, 1), ("A:1", None, None, -1)]


def schema_text(*sensors: str, label: str = "Output") -> str:
    columns = {"Wafer": "varchar", **dict.fromkeys(sensors, "float"), **({label: "Integer"} if label else {})}
    return json.dumps(
        {
            "SampleFileName": "wafer_08012020_120000.csv",
            "LengthOfDateStampInFile": 8,
            "LengthOfTimeStampInFile": 6,
            "NumberofColumns": len(columns),
            "ColName": columns,
        }
    )


def contract(kind: Kind = "training", *sensors: str, policy: str = "") -> Contract:
    names = sensors or ("Sensor - 1", "Sensor - 2")
    return load_contract(kind, schema_text(*names, label="Output" if kind == "training" else ""), policy)


def accept(
    folder: Path,
    rows: Sequence[Row],
    agreed: Contract,
    *,
    name: str = "wafer_08012020_120000",
    sha256: str = "a" * 64,
    rows_a_group: int = 1000,
    form: Callable[[Sequence[Row], Contract], pa.Table] | None = None,
) -> Path:
    """Write an accepted file as the validation does."""
    folder.mkdir(parents=True, exist_ok=True)
    table = (form or side_by_side)(rows, agreed)
    with parquet.ParquetWriter(folder / f"{name}.parquet", table.schema, store_schema=False) as writer:
        writer.write_table(table, row_group_size=rows_a_group)
        writer.add_key_value_metadata(accepted_metadata(agreed, f"{name}.csv", sha256))
    return folder


def side_by_side(rows: Sequence[Row], agreed: Contract) -> pa.Table:
    """All readings of a wafer in one column."""
    readings = np.array([row[1:3] for row in rows], dtype=np.float64)
    labels = np.array([row[3] for row in rows]) if agreed.label else None
    batch = accepted_batch(agreed, pa.array([row[0] for row in rows], pa.string()), (), readings, labels)
    return pa.Table.from_batches([batch])


def column_a_sensor(rows: Sequence[Row], agreed: Contract) -> pa.Table:
    """As earlier releases wrote them."""
    columns: list[pa.Array] = [pa.array([row[0] for row in rows], pa.string())]
    columns += [pa.array([row[number] for row in rows], pa.float64()) for number in (1, 2)]
    columns += [pa.array([row[3] for row in rows], pa.int64())] if agreed.label else []
    return pa.table(dict(zip(agreed.columns, columns, strict=True)))


def test_the_table_has_ids_origin_schema_names_labels_and_nulls(tmp_path: Path) -> None:
    agreed = contract()
    accepted = accept(tmp_path / "accepted", ROWS, agreed)

    result = transform_batches(accepted, tmp_path / "out" / "wafers.parquet", agreed)

    table = parquet.read_table(tmp_path / "out" / "wafers.parquet")
    assert result == Transformed(files=1, wafers=3, missing_readings=3, failures=1)
    assert result.counts() == {"files": 1, "wafers": 3, "missing_readings": 3, "failures": 1}
    assert table.schema.remove_metadata() == pa.schema(
        [
            *((name, pa.string()) for name in ("_id", "file", "sha256", "Wafer")),
            ("Sensor - 1", pa.float64()),
            ("Sensor - 2", pa.float64()),
            ("Output", pa.int8()),
        ]
    )
    kept = {name: table.schema.metadata[name] for name in (b"kind", b"contract")}
    assert kept == {b"kind": b"training", b"contract": agreed.digest.encode()}
    assert FileName.from_json(table.schema.metadata[b"file_names"]) == agreed.file_name
    assert table.drop_columns("_id").to_pydict() == {
        "file": ["wafer_08012020_120000.csv"] * 3,
        "sha256": ["a" * 64] * 3,
        "Wafer": ["A:1", "W-10", "W-9"],
        "Sensor - 1": [None, 1.5, -0.0],
        "Sensor - 2": [None, None, 2.0],
        "Output": [0, 0, 1],
    }
    assert len(set(table["_id"].to_pylist())) == 3


@pytest.mark.parametrize("kind", ["training", "prediction"])
def test_files_that_an_earlier_release_accepted_give_the_same_table(kind: Kind, tmp_path: Path) -> None:
    agreed = contract(kind)
    for name, form in (("now", side_by_side), ("then", column_a_sensor)):
        accept(tmp_path / name, ROWS, agreed, rows_a_group=2, form=form)
        transform_batches(tmp_path / name, tmp_path / f"{name}.parquet", agreed)

    assert (tmp_path / "now.parquet").read_bytes() == (tmp_path / "then.parquet").read_bytes()


def test_wafers_to_predict_have_no_label(tmp_path: Path) -> None:
    agreed = contract("prediction")
    accepted = accept(tmp_path / "accepted", ROWS, agreed)

    result = transform_batches(accepted, tmp_path / "wafers.parquet", agreed)

    assert result.failures is None
    assert "failures" not in result.counts()
    assert parquet.read_schema(tmp_path / "wafers.parquet").names[3:] == ["Wafer", "Sensor - 1", "Sensor - 2"]


def test_the_contract_says_which_label_means_a_failure(tmp_path: Path) -> None:
    agreed = contract(policy=json.dumps({"labels": {"-1": "fail", "1": "pass"}}))
    accepted = accept(tmp_path / "accepted", ROWS, agreed)

    result = transform_batches(accepted, tmp_path / "wafers.parquet", agreed)

    assert result.failures == 2
    assert parquet.read_table(tmp_path / "wafers.parquet")["Output"].to_pylist() == [1, 1, 0]


def test_a_missing_reading_is_null_and_never_nan(tmp_path: Path) -> None:
    agreed = contract()
    accepted = accept(tmp_path / "accepted", [("W1", math.nan, 1.0, 1)], agreed)

    transform_batches(accepted, tmp_path / "wafers.parquet", agreed)

    (value,) = parquet.read_table(tmp_path / "wafers.parquet")["Sensor - 1"].to_pylist()
    assert value is None


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_how_wafers_were_batched_never_shows_in_their_order(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, agreed = tmp_path_factory.mktemp("batched"), contract()
    rows: list[Row] = [(f"W{number}", number / 3, None if number % 3 else 1.0, -1) for number in range(12)]
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(1, 11))
    accept(folder / "one", rows, agreed)
    accept(folder / "two", shuffled[:cut], agreed, name="wafer_a", sha256="b" * 64, rows_a_group=2)
    accept(folder / "two", shuffled[cut:], agreed, name="wafer_b", sha256="c" * 64)

    for name in ("one", "two"):
        transform_batches(folder / name, folder / f"{name}.parquet", agreed)

    measured = list(agreed.columns)
    one, two = (parquet.read_table(folder / f"{name}.parquet", columns=measured) for name in ("one", "two"))
    assert one.equals(two)


def test_the_same_wafers_give_the_same_bytes(tmp_path: Path) -> None:
    agreed = contract()
    for place in ("first", "second"):
        accept(tmp_path / place, ROWS, agreed, name="wafer_a")
        accept(tmp_path / place, [("W-9", 3.0, 4.0, 1)], agreed, name="wafer_b", sha256="b" * 64)
        transform_batches(tmp_path / place, tmp_path / f"{place}.parquet", agreed)

    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()


def ids(
    folder: Path, agreed: Contract, rows: Sequence[Row] = ROWS, name: str = "a", sha256: str = "a" * 64
) -> list[str]:
    """Ids by wafer, of a run of their own."""
    place = folder / f"run-{len(list(folder.iterdir()))}"
    transform_batches(accept(place, rows, agreed, name=name, sha256=sha256), place / "out" / "wafers.parquet", agreed)
    found: list[str] = parquet.read_table(place / "out" / "wafers.parquet")["_id"].to_pylist()
    return found


def test_a_document_id_follows_from_the_bytes_of_the_file_and_what_was_read_from_them(tmp_path: Path) -> None:
    first = ids(tmp_path, contract())

    assert ids(tmp_path, contract()) == first
    assert ids(tmp_path, contract(), rows=ROWS[::-1]) == first
    assert ids(tmp_path, contract(), name="another name") == first
    tolerant = contract(policy=json.dumps({"silent_sensors": 0.5}))
    assert ids(tmp_path, tolerant) == first
    assert all(len(identity) == 32 for identity in first)


@pytest.mark.parametrize(
    ("agreed", "rows", "sha256"),
    [
        (contract(), ROWS, "b" * 64),
        (contract("training", "Sensor - 2", "Sensor - 1"), ROWS, "a" * 64),
        (contract(policy=json.dumps({"labels": {"-1": "fail", "1": "pass"}})), ROWS, "a" * 64),
        (contract(), [(wafer, one, 9.0, label) for wafer, one, _, label in ROWS], "a" * 64),
    ],
    ids=["other file", "other sensors", "other labels", "other readings"],
)
def test_what_was_read_differently_never_shares_a_document_id(
    tmp_path: Path, agreed: Contract, rows: Sequence[Row], sha256: str
) -> None:
    first = ids(tmp_path, contract())

    assert set(ids(tmp_path, agreed, rows, sha256=sha256)).isdisjoint(first)


def test_files_accepted_under_another_contract_are_refused(tmp_path: Path) -> None:
    accept(tmp_path / "accepted", ROWS, contract("training", "Temperature", "Pressure"))

    with pytest.raises(ContractMismatch, match=r"wafer_08012020_120000\.csv was accepted under another contract"):
        transform_batches(tmp_path / "accepted", tmp_path / "wafers.parquet", contract())

    assert not (tmp_path / "wafers.parquet").exists()


def test_an_empty_folder_says_what_to_give_instead(tmp_path: Path) -> None:
    with pytest.raises(NoGoodFiles, match="Give the folder that the validation wrote"):
        transform_batches(tmp_path, tmp_path / "wafers.parquet", contract())


def test_a_schema_may_not_use_the_names_of_the_tables_own_columns(tmp_path: Path) -> None:
    agreed = contract("training", "file", "Sensor - 2")
    accept(tmp_path / "accepted", ROWS, agreed)

    with pytest.raises(ContractInvalid, match="'file'"):
        transform_batches(tmp_path / "accepted", tmp_path / "wafers.parquet", agreed)


def test_the_command_prints_its_counts_or_one_line_of_error(tmp_path: Path) -> None:
    accepted = accept(tmp_path / "accepted", ROWS, contract())
    schema, output = schema_text("Sensor - 1", "Sensor - 2"), tmp_path / "wafers.parquet"

    good = call("data_transformation_train", "--accepted", accepted, "--wafers", output, "--schema", schema)
    bad = call("data_transformation_train", "--accepted", accepted, "--wafers", output)

    assert (good.code, good.out) == (0, "files 1, wafers 3, missing_readings 3, failures 1\n")
    assert (bad.code, bad.out) == (1, "")
    assert bad.err.startswith("CONTRACT_MISMATCH: ")
    assert "Traceback" not in bad.err
