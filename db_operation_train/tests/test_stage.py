"""Load and export: every wafer once in the database, and exactly this run's wafers out of it again."""

import csv
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from db_operation_train.stage import Loaded, load_wafers
from tests.commands import call
from tests.documents import document_rows, documents_of
from wafer.documents import Document, DocumentRows, Documents, Inserted, open_documents
from wafer.documents.sqlite import SqliteDocuments
from wafer.errors import ContractMismatch, DocumentsUnavailable
from wafer.progress import Progress, listening
from wafer.wafers.table import ROWS_AT_ONCE, WaferColumns, wafers_writer

TRAINING = WaferColumns("Wafer", ("Sensor - 1", 'a "quoted", one', "c"), "Output")
PREDICTION = WaferColumns("Wafer", TRAINING.sensors, None)


def write_table(
    path: Path,
    readings: list[list[float | None]],
    columns: WaferColumns = TRAINING,
    *,
    file: str = "wafer.csv",
    start: int = 0,
) -> Path:
    """Write a table of wafers as the transformation does."""
    numbers = range(start, start + len(readings))
    texts = [
        [f"{n:032x}" for n in numbers],
        [file] * len(readings),
        ["a" * 64] * len(readings),
        [f"W/{n:06}" for n in numbers],
    ]
    sensors = [pa.array([row[number] for row in readings], pa.float64()) for number in range(len(columns.sensors))]
    label = [pa.array([n % 2 for n in numbers], pa.int8())] if columns.label else []
    schema = columns.schema(kind="training" if columns.label else "prediction", contract="f" * 64)
    with wafers_writer(path, schema) as writer:
        table = pa.Table.from_arrays([*map(pa.array, texts), *sensors, *label], schema=schema)
        writer.write_table(table, row_group_size=ROWS_AT_ONCE)
    return path


def some_readings(number: int) -> list[list[float | None]]:
    return [[n / 7, None if n % 5 else -n / 3, 1e300 * n] for n in range(number)]


@pytest.fixture(params=["sqlite", pytest.param("mongodb", marks=pytest.mark.server)])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "documents.sqlite")
    return str(request.getfixturevalue("mongodb_database"))


@pytest.fixture
def documents(uri: str) -> Iterator[Documents]:
    with open_documents(uri) as opened:
        yield opened


def load(wafers: Path, documents: Documents, out: Path, kind: str) -> Loaded:
    """Load into one folder, where the tests compare everything that is written."""
    return load_wafers(wafers, documents, out, out / "InputFile.csv", kind)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_export_is_what_was_loaded_byte_for_byte_and_again_on_every_replay(
    documents: Documents, tmp_path: Path
) -> None:
    wafers = write_table(tmp_path / "in" / "wafers.parquet", some_readings(600))

    first = load(wafers, documents, tmp_path / "first", "training")
    replays = [load(wafers, documents, tmp_path / "again", "training") for _ in range(3)]

    assert first == Loaded(wafers=600, inserted=600, already=0)
    assert replays == [Loaded(wafers=600, inserted=0, already=600)] * 3
    assert content(tmp_path / "first") == content(tmp_path / "again")
    assert content(tmp_path / "first")["wafers.parquet"] == wafers.read_bytes()
    assert documents.count("training") == 600


def test_a_load_tells_how_far_it_has_come(documents: Documents, tmp_path: Path) -> None:
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(600))
    heard: list[Progress] = []

    with listening(heard.append):
        load(wafers, documents, tmp_path / "out", "training")

    assert heard[-1] == Progress(600, 600, "wafers loaded")


def test_the_export_holds_exactly_this_runs_wafers(documents: Documents, tmp_path: Path) -> None:
    everything = write_table(tmp_path / "all.parquet", some_readings(20))
    some = write_table(tmp_path / "some.parquet", some_readings(20)[5:9], start=5)
    load(everything, documents, tmp_path / "all", "training")

    result = load(some, documents, tmp_path / "some", "training")

    assert result == Loaded(wafers=4, inserted=0, already=4)
    assert content(tmp_path / "some")["wafers.parquet"] == some.read_bytes()
    assert len((tmp_path / "some" / "InputFile.csv").read_text().splitlines()) == 5


def test_new_wafers_and_stored_ones_stand_in_the_runs_order(documents: Documents, tmp_path: Path) -> None:
    everything = write_table(tmp_path / "all.parquet", some_readings(900))
    for start in (7, 400):
        part = write_table(tmp_path / "part.parquet", some_readings(900)[start : start + 300], start=start)
        load(part, documents, tmp_path / "part", "training")

    result = load(everything, documents, tmp_path / "all", "training")

    assert result == Loaded(wafers=900, inserted=300, already=600)
    assert content(tmp_path / "all")["wafers.parquet"] == everything.read_bytes()


def test_a_document_that_was_there_before_is_exported_as_it_is_stored(documents: Documents, tmp_path: Path) -> None:
    stored: Document = {
        "_id": f"{1:032x}",
        "wafer": "W/000001",
        "file": "wafer.csv",
        "sha256": "a" * 64,
        "kind": "training",
        "label": 0,
        "readings": {"c": 42.0},
    }
    documents.insert("training", document_rows([stored]))
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(3))

    load(wafers, documents, tmp_path / "out", "training")

    assert (tmp_path / "out" / "InputFile.csv").read_text().splitlines()[2] == '"W/000001",,,42,0'


def test_wafers_to_predict_are_loaded_beside_the_labelled_ones(documents: Documents, tmp_path: Path) -> None:
    load(write_table(tmp_path / "t.parquet", some_readings(3)), documents, tmp_path / "t", "training")
    unlabelled = write_table(tmp_path / "p.parquet", some_readings(3), PREDICTION)

    result = load(unlabelled, documents, tmp_path / "p", "prediction")

    assert result.counts() == {"wafers": 3, "inserted": 3, "already": 0}
    assert content(tmp_path / "p")["wafers.parquet"] == unlabelled.read_bytes()
    assert (tmp_path / "p" / "InputFile.csv").read_text().startswith('"Wafer","Sensor - 1","a ""quoted"", one","c"\n')


def test_the_same_bytes_under_another_name_keep_this_runs_name_in_the_export(
    documents: Documents, tmp_path: Path
) -> None:
    load(write_table(tmp_path / "a.parquet", some_readings(3), file="first.csv"), documents, tmp_path / "a", "training")
    renamed = write_table(tmp_path / "b.parquet", some_readings(3), file="second.csv")

    load(renamed, documents, tmp_path / "b", "training")

    assert content(tmp_path / "b")["wafers.parquet"] == renamed.read_bytes()


def test_a_run_without_wafers_exports_only_the_header(documents: Documents, tmp_path: Path) -> None:
    result = load(write_table(tmp_path / "none.parquet", []), documents, tmp_path / "out", "training")

    assert result == Loaded(0, 0, 0)
    assert len((tmp_path / "out" / "InputFile.csv").read_text().splitlines()) == 1


def test_whole_numbers_are_bare_and_missing_readings_empty_also_at_the_end_of_a_row(tmp_path: Path) -> None:
    readings: list[list[float | None]] = [[1.0, -0.25, None], [None, None, None], [100.0, 1e-9, -20.0]]
    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        wafers = write_table(tmp_path / "wafers.parquet", readings, PREDICTION)
        load(wafers, documents, tmp_path / "out", "prediction")

    _, *lines = (tmp_path / "out" / "InputFile.csv").read_text().splitlines()

    assert lines == ['"W/000000",1,-0.25,', '"W/000001",,,', '"W/000002",100,1e-9,-20']


def test_a_load_of_many_row_groups_exports_the_same_bytes_new_and_known(tmp_path: Path) -> None:
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(2 * ROWS_AT_ONCE + 5))

    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        first = load(wafers, documents, tmp_path / "first", "training")
        again = load(wafers, documents, tmp_path / "again", "training")

    assert (first.inserted, again.inserted) == (2 * ROWS_AT_ONCE + 5, 0)
    assert content(tmp_path / "first") == content(tmp_path / "again")
    assert content(tmp_path / "first")["wafers.parquet"] == wafers.read_bytes()


cells = st.none() | st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(deadline=None, max_examples=30)
@given(readings=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5))
def test_the_input_file_parses_back_to_the_very_same_numbers(
    readings: list[list[float | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    with open_documents(str(folder / "documents.sqlite")) as documents:
        load(write_table(folder / "wafers.parquet", readings), documents, folder / "export", "training")

    with (folder / "export" / "InputFile.csv").open(newline="") as file:
        header, *rows = csv.reader(file)

    assert header == ["Wafer", *TRAINING.sensors, "Output"]
    parsed = [[float(cell).hex() if cell else None for cell in row[1:4]] for row in rows]
    assert parsed == [[None if value is None else value.hex() for value in row] for row in readings]
    assert [int(row[4]) for row in rows] == [number % 2 for number in range(len(readings))]
    lines = (folder / "export" / "InputFile.csv").read_text().splitlines()[1:]
    assert all(line.startswith(f'"W/{number:06}",') and line.count('"') == 2 for number, line in enumerate(lines))
    exported = parquet.read_table(folder / "export" / "wafers.parquet")
    assert exported.equals(parquet.read_table(folder / "wafers.parquet"))


KILLED = """
import os, signal, sys
from itertools import islice
from pathlib import Path
from db_operation_train.stage import load_wafers
from tests.documents import document_rows, documents_of
from wafer.documents import open_documents

class Mortal:
    def __init__(self, documents, insert, read):
        self.documents, self.left, self.read_before = documents, insert, read

    def insert(self, kind, rows):
        if 0 <= self.left < len(rows):
            self.documents.insert(kind, document_rows(islice(documents_of(rows, kind), self.left)))
            os.kill(os.getpid(), signal.SIGKILL)
        return self.documents.insert(kind, rows)

    def read(self, kind, ids):
        for number, document in enumerate(self.documents.read(kind, ids)):
            if number == self.read_before:
                os.kill(os.getpid(), signal.SIGKILL)
            yield document

with open_documents(sys.argv[2]) as documents:
    out = Path(sys.argv[3])
    mortal = Mortal(documents, *map(int, sys.argv[4:6]))
    load_wafers(Path(sys.argv[1]), mortal, out, out / "InputFile.csv", "training")
"""


@pytest.mark.slow  # an interpreter a moment
@pytest.mark.parametrize(("insert", "read"), [(0, 0), (300, 0), (599, 0), (-1, 0), (-1, 320), (-1, 399)])
def test_a_load_killed_at_any_moment_and_repeated_exports_the_same(
    uri: str, tmp_path: Path, insert: int, read: int
) -> None:
    with open_documents(uri) as documents:
        some = write_table(tmp_path / "some.parquet", some_readings(400))
        load(some, documents, tmp_path / "some", "training")
    wafers = write_table(tmp_path / "in" / "wafers.parquet", some_readings(600))
    with open_documents(str(tmp_path / "sound.sqlite")) as sound:
        load(wafers, sound, tmp_path / "sound", "training")
    command = [sys.executable, "-c", KILLED, wafers, uri, tmp_path / "out", str(insert), str(read)]

    killed = subprocess.run(list(map(str, command)), check=False)
    with open_documents(uri) as documents:
        result = load(wafers, documents, tmp_path / "out", "training")
        count = documents.count("training")

    assert killed.returncode == -signal.SIGKILL
    assert (result.inserted + result.already, count) == (600, 600)
    assert content(tmp_path / "out") == content(tmp_path / "sound")


class Forgetful(SqliteDocuments):
    """A database that does not take a document, and does not say so."""

    def insert(self, kind: str, rows: DocumentRows) -> Inserted:
        return super().insert(
            kind, document_rows(each for each in documents_of(rows, kind) if each["wafer"] != "W/000003")
        )


def test_a_database_that_loses_a_wafer_fails_the_load(tmp_path: Path) -> None:
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(9))

    with (
        Forgetful(tmp_path / "documents.sqlite") as documents,
        pytest.raises(DocumentsUnavailable, match="does not give back every wafer"),
    ):
        load(wafers, documents, tmp_path / "out", "training")


class Emptied(SqliteDocuments):
    """A database whose documents are deleted as soon as they were found."""

    def read(self, kind: str, ids: Iterable[str]) -> Iterator[Document]:
        return super().read(kind, list(ids)[1:])


def test_a_database_that_does_not_give_a_known_wafer_back_fails_the_load(tmp_path: Path) -> None:
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(9))

    with Emptied(tmp_path / "documents.sqlite") as documents:
        load(wafers, documents, tmp_path / "first", "training")

        with pytest.raises(DocumentsUnavailable, match="does not give back every wafer"):
            load(wafers, documents, tmp_path / "again", "training")


def test_a_table_of_another_kind_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(9), PREDICTION)

    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        with pytest.raises(ContractMismatch, match="'prediction', not 'training'"):
            load(wafers, documents, tmp_path / "out", "training")

        assert documents.count("training") == 0


def test_the_command_prints_its_counts_or_one_line_of_error(tmp_path: Path) -> None:
    wafers = write_table(tmp_path / "wafers.parquet", some_readings(9))
    (tmp_path / "no database").write_text("x" * 1000)
    options = ("--wafers", wafers, "--export", tmp_path / "out", "--input-file", tmp_path / "input.csv", "--documents")

    good = call("db_operation_train", *options, tmp_path / "documents.sqlite")
    bad = call("db_operation_train", *options, tmp_path / "no database")

    assert (good.code, good.out) == (0, "wafers 9, inserted 9, already 0\n")
    assert list(content(tmp_path / "out")) == ["wafers.parquet"]
    assert len((tmp_path / "input.csv").read_text().splitlines()) == 10
    assert bad.code == 1
    assert bad.err.startswith("DOCUMENTS_UNAVAILABLE: ")
    assert "Traceback" not in bad.err
