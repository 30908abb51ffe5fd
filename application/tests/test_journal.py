"""One contract for both journals: an entry is written once, and changed by whoever read it last."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from application.runs.ledger.dynamodb_journal import DynamoDBJournal
from application.runs.ledger.journal import Entry, Journal
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.tests.kept import PLACES, kept


@pytest.fixture(params=PLACES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    yield from kept(request, tmp_path, SQLiteJournal, DynamoDBJournal)


def entry(name: str = "failed-1", minute: int = 15, due: float | None = None) -> Entry:
    return Entry("notice", name, f"2026-03-21T08:{minute}:00.000+00:00", '{"a": 1}', due)


def test_an_entry_of_one_name_is_written_once_whenever_it_happened(journal: Journal) -> None:
    assert journal.add(entry())
    assert not journal.add(entry(minute=20))

    assert journal.get("notice", "failed-1") == entry()
    assert journal.get("decision", "failed-1") is None


def test_the_newest_entries_of_a_topic_come_first(journal: Journal) -> None:
    for name, minute in (("b", 20), ("a", 10), ("c", 30)):
        journal.add(entry(name, minute))
    journal.add(Entry("decision", "d", "2026-03-21T09", "{}"))

    assert [each.name for each in journal.newest("notice", 2)] == ["c", "b"]


def test_an_entry_is_open_until_nothing_is_left_to_do(journal: Journal) -> None:
    for name, minute, due in (("late", 20, 5.0), ("early", 10, 9.0), ("done", 15, None)):
        journal.add(entry(name, minute, due))
    early, late = journal.open("notice")

    journal.change(early, replace(early, due=None))
    journal.change(late, replace(late, due=7.0, content="{}"))

    assert (early.name, late.name) == ("early", "late")
    assert [(each.name, each.due, each.content) for each in journal.open("notice")] == [("late", 7.0, "{}")]


def test_of_two_who_change_one_entry_the_second_is_told(journal: Journal) -> None:
    journal.add(entry(due=1.0))
    (read,) = journal.open("notice")

    first = journal.change(read, replace(read, due=2.0))
    second = journal.change(read, replace(read, due=3.0))

    assert first is not None
    assert second is None
    assert journal.open("notice") == [first]
