"""The contract of a document database, for SQLite and for the MongoDB-wire server."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain, cycle, islice, repeat
from pathlib import Path
from threading import Timer
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from tests.documents import document_rows
from tests.servers.toxiproxy import Proxy
from wafer.documents import Document, Documents, Inserted, Outcome, open_documents, outcome_of
from wafer.errors import ContractInvalid, DocumentsUnavailable
from wafer.patience import TASK

SENSORS = ["Sensor - 1", "Sensor - 2", "Temp. in %", "$price", "a.b.c", "%2E", "ü", ""]


def document(identity: str, readings: dict[str, float] | None = None, *, kind: str = "training") -> Document:
    return {
        "_id": identity,
        "wafer": f"Wafer-{identity}",
        "file": "wafer_08012020_120000.csv",
        "sha256": "0" * 64,
        "kind": kind,
        "label": 1,
        "readings": readings or {},
    }


def insert(documents: Documents, some: list[Document]) -> Inserted:
    return documents.insert(some[0]["kind"], document_rows(some))


@pytest.fixture(params=["sqlite", pytest.param("mongodb", marks=pytest.mark.server)])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "deep" / "documents.sqlite")
    return str(request.getfixturevalue("mongodb_database"))


@pytest.fixture
def documents(uri: str) -> Iterator[Documents]:
    with open_documents(uri) as opened:
        yield opened


def test_a_document_comes_back_as_it_was(documents: Documents) -> None:
    original = document("a", dict.fromkeys(SENSORS, 1.5))
    unlabelled = document("b")
    del unlabelled["label"]

    assert insert(documents, [original, unlabelled]) == Inserted(2, ())

    assert list(documents.read("training", ["a", "b"])) == [original, unlabelled]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    readings=st.dictionaries(
        st.sampled_from(SENSORS),
        st.floats(allow_nan=False, allow_infinity=False).map(
            lambda value: value + 0.0
        ),  # transformation drops -0.0's sign
        max_size=len(SENSORS),
    )
)
def test_any_finite_reading_comes_back_bit_for_bit(documents: Documents, readings: dict[str, float]) -> None:
    identity = uuid4().hex  # the database stays from example to example
    insert(documents, [document(identity, readings)])

    (found,) = documents.read("training", [identity])

    assert {name: value.hex() for name, value in found["readings"].items()} == {
        name: value.hex() for name, value in readings.items()
    }


def test_five_replays_change_nothing(documents: Documents) -> None:
    loaded = [document(f"{number:04}", {"a": number / 7}) for number in range(600)]

    first = insert(documents, loaded)
    replays = [insert(documents, loaded) for _ in range(5)]

    assert first == Inserted(600, ())
    assert replays == [Inserted(0, tuple(each["_id"] for each in loaded))] * 5
    assert documents.count("training") == 600
    assert list(documents.read("training", [each["_id"] for each in loaded])) == loaded


def test_a_load_that_was_cut_short_is_completed_by_the_next(documents: Documents) -> None:
    loaded = [document(f"{number:04}", {"a": 1.0}) for number in range(700)]
    insert(documents, loaded[:523])

    assert insert(documents, loaded) == Inserted(177, tuple(each["_id"] for each in loaded[:523]))
    assert documents.count("training") == 700


def test_the_same_document_twice_in_one_load_is_kept_once(documents: Documents) -> None:
    assert insert(documents, [document("a"), document("a")]) == Inserted(1, ("a",))


LOADERS = """
import multiprocessing, sys
from tests.documents import document_rows
from wafer.documents import open_documents, mongodb, sqlite  # once for all of them

documents = [
    {"_id": f"{n:04}", "wafer": "W", "file": "f", "sha256": "0", "kind": "training", "readings": {"a": n / 7}}
    for n in range(300)
]

def load(number):
    started.wait(60)
    with open_documents(sys.argv[1]) as opened:
        inserted = opened.insert("training", document_rows(documents)).inserted
    sys.stdout.write(f"{inserted}\\n")  # as one: the lines of sixteen processes stay apart
    sys.stdout.flush()

processes = multiprocessing.get_context("fork")
started = processes.Barrier(16)
loaders = [processes.Process(target=load, args=(number,)) for number in range(16)]
for each in loaders:
    each.start()
for each in loaders:
    each.join(300)
"""


@pytest.mark.slow  # sixteen processes
def test_sixteen_processes_loading_the_same_wafers_write_each_once(uri: str) -> None:
    command = [sys.executable, "-c", LOADERS, uri]
    inserted = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout.split()

    assert len(inserted) == 16
    assert sum(map(int, inserted)) == 300
    with open_documents(uri) as opened:
        found = list(opened.read("training", (f"{number:04}" for number in range(300))))
        assert opened.count("training") == 300
    assert [each["readings"]["a"] for each in found] == [number / 7 for number in range(300)]


def test_documents_are_read_in_the_order_asked_for_and_unknown_ones_left_out(documents: Documents) -> None:
    insert(documents, [document(letter) for letter in "abc"])

    assert [found["_id"] for found in documents.read("training", ["c", "x", "a", "b"])] == ["c", "a", "b"]
    assert list(documents.read("training", [])) == []


def test_reading_never_holds_all_documents(documents: Documents) -> None:
    insert(documents, [document(letter) for letter in "abc"])

    endless = documents.read("training", chain.from_iterable(repeat("abc")))

    assert [found["_id"] for found in islice(endless, 5000)] == list(islice(cycle("abc"), 5000))


def test_wafers_to_predict_never_mix_with_labelled_ones(documents: Documents) -> None:
    insert(documents, [document("a")])
    insert(documents, [document("a", {"x": 1.0}, kind="prediction"), document("b", kind="prediction")])

    assert [documents.count("training"), documents.count("prediction")] == [1, 2]
    assert [found["readings"] for found in documents.read("training", ["a", "b"])] == [{}]


@pytest.mark.parametrize("kind", ["", "sqlite_master", "training; DROP TABLE training"])
def test_what_is_no_kind_is_refused(documents: Documents, kind: str) -> None:
    for use in (
        lambda: documents.insert(kind, document_rows([])),
        lambda: list(documents.read(kind, [])),
        lambda: documents.count(kind),
    ):
        with pytest.raises(ContractInvalid, match="no kind"):
            use()


EARLIER = """
CREATE TABLE training (_id TEXT PRIMARY KEY, document TEXT NOT NULL);
INSERT INTO training VALUES ('b', '{"_id":"b","wafer":"Wafer-b","file":"wafer_08012020_120000.csv",
    "sha256":"0000000000000000000000000000000000000000000000000000000000000000","kind":"training",
    "readings":{"Temp. in %":0.5},"label":1}');
"""


def test_documents_of_an_earlier_version_stand_beside_new_ones(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "documents.sqlite")) as earlier:
        earlier.executescript(EARLIER)

    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        written = insert(documents, [document("a", {"x": 0.1, "y": 2.0}), document("b", {"Temp. in %": 0.5})])
        found = list(documents.read("training", ["b", "a"]))

    assert written == Inserted(1, ("b",))
    assert found == [document("b", {"Temp. in %": 0.5}), document("a", {"x": 0.1, "y": 2.0})]


def test_documents_of_an_earlier_version_are_read_from_mongodb(mongodb_database: str) -> None:
    earlier = {**document("b"), "readings": {"a%2Eb": 0.5, "%24price": -1.0}}
    with closing(MongoClient[dict[str, object]](mongodb_database)) as client:
        client.get_default_database()["training"].insert_one(dict(earlier))

    with open_documents(mongodb_database) as documents:
        insert(documents, [document("a", {"x": 0.1})])
        found = list(documents.read("training", ["b", "a"]))

    assert found == [document("b", {"a.b": 0.5, "$price": -1.0}), document("a", {"x": 0.1})]


def test_embedded_readings_are_found_by_wafer_and_sensor_with_any_sqlite_tool(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "documents.sqlite")) as earlier:
        earlier.executescript(EARLIER)
    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        insert(documents, [document("a", {'$."x': 0.1, "z": 3.0}), document("c", {"z": 4.0})])

    query = "SELECT wafer, sensor, reading FROM training_readings ORDER BY wafer, sensor"
    with closing(sqlite3.connect(tmp_path / "documents.sqlite")) as plain:
        found = plain.execute(query).fetchall()
        (label,) = plain.execute("SELECT document ->> 'label' FROM training WHERE _id = 'a'").fetchone()

    assert found == [
        ("Wafer-a", '$."x', 0.1),
        ("Wafer-a", "z", 3.0),
        ("Wafer-b", "Temp. in %", 0.5),
        ("Wafer-c", "z", 4.0),
    ]
    assert label == 1


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database " * 100)

    for path in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "deeper.sqlite", tmp_path):
        with pytest.raises(DocumentsUnavailable, match=str(path)):
            open_documents(str(path))


def test_a_server_that_is_away_ends_in_a_clear_error_in_time() -> None:
    from wafer.documents.mongodb import MongoDocuments

    started = time.monotonic()

    with pytest.raises(DocumentsUnavailable, match=r"MongoDB at 127.0.0.1:9/lab .*Check MONGODB_URI") as caught:
        MongoDocuments(
            "mongodb://anna:secret@127.0.0.1:9/lab?serverSelectionTimeoutMS=50", patience=replace(TASK, repeat=0.1)
        )

    assert "secret" not in caught.value.message
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "uri", ["", "postgres://db", "mongodb://", "mongodb://anna:sec/ret@host", "mongodb://host:port"]
)
def test_an_address_that_is_no_database_is_refused_without_showing_a_password(uri: str) -> None:
    with pytest.raises(DocumentsUnavailable, match="MONGODB_URI") as caught:
        open_documents(uri)

    assert "sec" not in caught.value.message


def test_an_address_that_leaves_writes_unanswered_is_refused() -> None:
    with pytest.raises(DocumentsUnavailable, match="w=0"):
        open_documents("mongodb://127.0.0.1:9/lab?w=0")


def test_a_server_that_comes_back_is_gone_on_with(mongodb_database: str, proxy_to: Callable[[int], Proxy]) -> None:
    address = urlsplit(mongodb_database)
    proxy = proxy_to(address.port or 0)
    with open_documents(address._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()) as documents:
        insert(documents, [document("a")])

        proxy.cut()
        mending = Timer(1.5, proxy.mend)
        mending.start()
        written = insert(documents, [document("a"), document("b")])
        mending.join()

        assert written == Inserted(1, ("a",))
        assert [found["_id"] for found in documents.read("training", ["b", "a"])] == ["b", "a"]


def test_a_connection_that_breaks_in_the_middle_of_a_load_or_an_export_loses_nothing(
    mongodb_database: str, proxy_to: Callable[[int], Proxy]
) -> None:
    address = urlsplit(mongodb_database)
    proxy = proxy_to(address.port or 0)
    loaded = [document(f"{number:04}", {"a": number / 7}) for number in range(1200)]
    with open_documents(address._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()) as documents:
        proxy.add("limit_data", upstream=True, bytes=150_000)  # a connection lasts for one batch
        insert(documents, loaded)
        proxy.clear()
        proxy.add("limit_data", share=0.5, bytes=90_000)

        assert list(documents.read("training", [each["_id"] for each in loaded])) == loaded
        assert documents.count("training") == 1200


def outcome(
    wafer: str, *, failed: bool = False, key: str = "", file: str = "0", received: str = "2026-01-01"
) -> Outcome:
    return outcome_of(
        wafer, key, failed=failed, file=f"{file}.csv", sha256=file * 64, run_id="outcomes-1", received=received
    )


def by_id(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda each: each["_id"])


def test_outcomes_come_back_as_they_were_by_their_wafers(documents: Documents) -> None:
    kept = [outcome(f"W-{number}", failed=number % 7 == 0, key=f"{number:064x}") for number in range(700)]

    assert documents.keep_outcomes(kept) == 700

    assert by_id(documents.outcomes_of(each["wafer"] for each in kept)) == by_id(kept)
    assert by_id(documents.outcomes_of(["W-7", "W-nobody"])) == [kept[7]]


def test_the_same_file_again_changes_no_outcome(documents: Documents) -> None:
    first = [outcome("W-1", failed=True), outcome("W-2")]
    documents.keep_outcomes(first)

    again = documents.keep_outcomes([{**each, "received": "2026-05-05", "run_id": "outcomes-2"} for each in first])

    assert again == 0
    assert by_id(documents.outcomes_of(["W-1", "W-2"])) == by_id(first)


def test_another_outcome_of_a_wafer_stands_beside_the_first(documents: Documents) -> None:
    first, corrected = outcome("W-1", failed=True), outcome("W-1", file="1", received="2026-01-02")

    assert [documents.keep_outcomes([each]) for each in (first, corrected)] == [1, 1]

    assert by_id(documents.outcomes_of(["W-1"])) == by_id([first, corrected])
