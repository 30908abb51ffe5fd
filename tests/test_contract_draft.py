"""Unknown exports: a drafted contract reads them as the line means them, and `check` judges as a run does."""

import gzip
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch
from xml.sax.saxutils import escape

import numpy as np
import pytest
from pyarrow import parquet

from application.cli.app import main
from data_transformation_train.stage import transform_batches
from db_operation_train.stage import load_wafers
from load_prod_model.promotion import assembled
from pred_pipeline.stage import predict_wafers
from raw_data_validation_train.stage import validate_batches
from raw_data_validation_train.tests.drop import accepted_table, validate
from tests.commands import Ended, end_of
from tests.faults.line import make_line
from wafer.contract import Contract, load_contract
from wafer.documents import open_documents
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.store import list_batches

SENSORS = 8
WAFERS = 30
TO_LEARN = 120
KINDS = ("training", "prediction")
FEW_TREES = Recipe(
    families=(RandomForest(trees=10, trees_cluster=5), BoostedTrees(rounds=10, learning_rate=0.2)), max_clusters=1
)
Row = Sequence[str]
Write = Callable[[Path, Row, Sequence[Row]], None]


@dataclass(frozen=True)
class Export:
    """One kind of export: names, outcomes, signs, and what writes a table so."""

    title: str
    name: str
    header: Row
    outcomes: tuple[str, str]
    write: Write
    decimal: str = "."
    missing: str = ""
    context: tuple[str, ...] = ()
    has_id: bool = True

    def __str__(self) -> str:
        return self.title

    def table(self, wafers: int = WAFERS) -> tuple[Row, list[Row]]:
        readings, failed = measured(wafers)
        rows: list[Row] = []
        for number, values in enumerate(readings):
            cells = [
                self.missing if np.isnan(value) else str(float(value)).replace(".", self.decimal) for value in values
            ]
            ids = [f"LOT7-{number:02}"] if self.has_id else []
            rows.append([*ids, *self.context, *cells, self.outcomes[failed[number]]])
        return self.header, rows


def measured(wafers: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    failed = np.arange(wafers) % 5 == 0
    readings = rng.normal(1500, 40, size=(wafers, SENSORS)).round(3)
    readings[:, 2] += 90.5 * failed
    readings[1, 4] = np.nan
    return readings, failed.astype(int)


def text(
    path: Path, header: Row, rows: Sequence[Row], delimiter: str = ",", encoding: str = "utf-8", before: str = ""
) -> None:
    path.write_text(before + "".join(delimiter.join(row) + "\n" for row in [header, *rows]), encoding=encoding)


def packed(path: Path, header: Row, rows: Sequence[Row]) -> None:
    text(path, header, rows, ";", before="sep=;\n")
    path.write_bytes(gzip.compress(path.read_bytes()))


def numbered(path: Path, header: Row, rows: Sequence[Row]) -> None:
    text(path, header, [[str(number), *row] for number, row in enumerate(rows)], before="Lot 7\n\n")


def workbook(path: Path, header: Row, rows: Sequence[Row]) -> None:
    sheets({"Data": [header, *rows]}, path)


def sheets(tables: Mapping[str, Sequence[Row]], path: Path) -> None:
    """A workbook with these sheets."""

    def cell(value: str) -> str:
        try:
            return f"<c><v>{float(value)}</v></c>"
        except ValueError:
            return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else "<c/>"

    names = dict(enumerate(tables, start=1))
    listed = "".join(f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>' for number, name in names.items())
    main_ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main_ns}" xmlns:r="{relations}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{number}" Type="{relations}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in names
        )
        + "</Relationships>",
    }
    for number, name in names.items():
        rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in tables[name])
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main_ns}"><sheetData>{rows}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)


NUMBERED = [f"Sensor {n}" for n in range(1, SENSORS + 1)]
EXPORTS = [
    Export(
        "Kaggle form",
        "uci-secom.csv",
        ["Time", *map(str, range(SENSORS)), "Pass/Fail"],
        ("-1", "1"),
        text,
        context=("2008-07-19 11:55:00",),
        has_id=False,
    ),
    Export(
        "semicolons, decimal commas, packed",
        "export_2021-03-01_0410.csv.gz",
        ["WaferID", *NUMBERED, "Result"],
        ("GOOD", "BAD"),
        packed,
        decimal=",",
        missing="n/a",
    ),
    Export(
        "UTF-16 with tabs",
        "L7-20210301.txt",
        ["Wafer_ID", "Lot", "Tool", *[f"p{n:03}" for n in range(SENSORS)], "failed"],
        ("no", "yes"),
        partial(text, delimiter="\t", encoding="utf-16"),
        context=("LOT7", "ETCH-2"),
        missing="NULL",
    ),
    Export(
        "workbook", "lot 7.xlsx", ["Wafer", *NUMBERED, "Pass/Fail"], ("Pass", "Fail"), workbook, missing="NaN"
    ),
    Export(
        "a title above and an index next to the id",
        "wafer_13012021_041011.csv",
        ["", "Wafer", "Slot", *NUMBERED, "Good/Bad"],
        ("0", "1"),
        numbered,
        context=("4",),
    ),
]  # fmt: skip


def two_tables(path: Path, _: Row, rows: Sequence[Row]) -> None:
    first, *rest = [row[:-1] for row in rows]
    text(path, first, rest, " ")
    outcomes = [[row[-1], '"19/07/2008 11:55:00"'] for row in rows]
    text(path.with_name("secom_labels.data"), outcomes[0], outcomes[1:], " ")


SECOM = Export("SECOM form", "secom.data", [], ("-1", "1"), two_tables, missing="NaN", has_id=False)


def wafer(*words: str | Path) -> Ended:
    with patch.dict("os.environ", {"COLUMNS": "400"}):
        return end_of(main, "wafer", *words)


@pytest.mark.parametrize("export", [*EXPORTS, SECOM], ids=str)
def test_a_drafted_contract_reads_every_wafer_as_it_was_measured(export: Export, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    export.write(tmp_path / "drop" / export.name, *export.table())

    drafted = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json")
    assert drafted.code == 0, drafted.err
    told = drafted.json
    policy, schema = tmp_path / "contract.yaml", tmp_path / "schema_training.json"
    manifest = validate(tmp_path / "drop", tmp_path, policy=str(policy), schema=schema)

    assert [(file["verdict"], file["rows_good"], file["kind"]) for file in told["verdicts"]] == [
        ("good", WAFERS, "training")
    ]
    assert (manifest["totals"]["rows_good"], manifest["rows"]) == (WAFERS, [])
    contract = load_contract("training", schema, policy)
    table = accepted_table(next((tmp_path / "accepted").iterdir()))
    readings, failed = measured(WAFERS)
    found = np.column_stack([table[name].to_numpy() for name in contract.sensors])
    np.testing.assert_array_equal(found, readings)
    fails = [contract.policy.label_codes[code] == "fail" for code in table[contract.label].to_pylist()]
    assert fails == failed.astype(bool).tolist()
    assert len(set(table.column(0).to_pylist())) == WAFERS


def test_check_gives_the_verdict_of_a_run_and_an_exit_code(tmp_path: Path) -> None:
    header, rows = EXPORTS[3].table()
    (tmp_path / "drop").mkdir()
    text(tmp_path / "drop" / "good.csv", header, rows)
    wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path)
    text(tmp_path / "drop" / "other.csv", [*header[:-2], "Pass/Fail"], [row[:-1] for row in rows])
    words = ("--schema", tmp_path / "schema_training.json", "--policy", tmp_path / "contract.yaml")

    checked = wafer("contract", "check", tmp_path / "drop", *words, "--json")
    manifest = validate(tmp_path / "drop", tmp_path, policy=str(words[3]), schema=words[1])

    assert checked.code == 1
    assert checked.json["files"] == manifest["files"]
    assert [(file["name"], file["codes"]) for file in manifest["files"]] == [
        ("good.csv", []),
        ("other.csv", ["HEADER"]),
    ]


def test_a_drafted_contract_is_not_written_over_unasked(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    text(tmp_path / "drop" / "a.csv", *EXPORTS[0].table())
    (tmp_path / "contract.yaml").write_text("labels: {0: pass, 1: fail}\n")

    refused = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path)

    assert refused.code == 2
    assert (tmp_path / "contract.yaml").read_text() == "labels: {0: pass, 1: fail}\n"
    assert wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--force").code == 0


def test_what_is_guessed_is_asked(tmp_path: Path) -> None:
    header = ["Slot", *NUMBERED, "Sort"]
    rows = [[str(n % 3), *(f"{n}.{m}" for m in range(SENSORS)), "12"[n % 4 != 0]] for n in range(WAFERS)]
    (tmp_path / "drop").mkdir()
    text(tmp_path / "drop" / "lot_01022021.csv", header, rows)

    told = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json").json

    asked = " ".join(told["unsure"])
    assert "No column looks like an outcome" in asked
    assert "`Slot` repeats within files" in asked
    assert "DDMMYYYY; MMDDYYYY is possible too" in asked


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    workbook(tmp_path / "drop" / "a.xlsx", *EXPORTS[3].table())
    (tmp_path / "drop" / "b.xlsx").write_bytes((tmp_path / "drop" / "a.xlsx").read_bytes()[:-400])
    wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path)

    judged = wafer("contract", "check", tmp_path / "drop", "--schema", tmp_path / "schema_training.json")
    cured = wafer(
        *("contract", "check", tmp_path / "drop", "--schema", tmp_path / "schema_training.json"),
        *("--policy", tmp_path / "contract.yaml", "--json"),
    )

    assert judged.code == 1
    assert [(file["verdict"], file["codes"]) for file in cured.json["files"]] == [("good", []), ("bad", ["NOT_CSV"])]
    assert cured.json["files"][1]["bytes"] == (tmp_path / "drop" / "b.xlsx").stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("export", [*EXPORTS, SECOM], ids=str)
def test_a_drafted_contract_trains_and_predicts(export: Export, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    export.write(tmp_path / "drop" / export.name, *export.table(TO_LEARN))
    assert wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path).code == 0
    training, prediction = (
        load_contract(kind, tmp_path / f"schema_{kind}.json", tmp_path / "contract.yaml") for kind in KINDS
    )

    line = make_line(tmp_path / "line", tmp_path / "drop", FEW_TREES, training)
    assembled(line.parts, tmp_path / "bundle", contract_digest=training.digest)
    exported = to_predict(tmp_path / "drop", prediction, tmp_path / "predict")
    predict_wafers(exported, tmp_path / "bundle", tmp_path / "out", model_version="1", run_id="run")

    ranked = parquet.read_table(tmp_path / "out" / "predictions.parquet")["wafer"].to_pylist()
    failed = measured(TO_LEARN)[1].astype(bool)
    numbers = [int(name.rpartition("-")[2]) - (not export.has_id) for name in ranked]
    assert sorted(numbers) == list(range(TO_LEARN))
    assert failed[numbers[: failed.sum()]].mean() > 0.7


def to_predict(drop: Path, contract: Contract, out: Path) -> Path:
    """The same files as files to predict: the policy leaves their outcomes out."""
    written = {name: out / name for name in ("accepted", "manifest", "quarantine", "report")}
    validate_batches(list_batches(str(drop)), contract, None, **written)
    transform_batches(out / "accepted", out / "wafers.parquet", contract)
    with open_documents(str(out / "documents.sqlite")) as documents:
        load_wafers(out / "wafers.parquet", documents, out / "export", out / "InputFile.csv", "prediction")
    return out / "export"
