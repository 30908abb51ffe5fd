"""What a person decided about a wafer is kept for good, and is its outcome until somebody has another word."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from wafer.errors import NotPublished
from wafer.outcomes import matched
from wafer.outcomes.decided import people_alone, with_dispositions
from wafer.outcomes.dispositions import (
    Disposition,
    Forecast,
    Word,
    all_dispositions,
    dispose,
    dispositions_of,
    in_force,
)
from wafer.outcomes.matched import SCHEMA
from wafer.store import Store, open_store

FORECAST = Forecast(
    prediction="predict-1",
    document="read-1",
    wafer="W-1",
    key="ab" * 32,
    file="lot.csv",
    moment="2026-03-04T00:00:00+00:00",
    model_version=2,
    shadow=False,
    verdict="fail",
    probability=0.6,
    threshold=0.5,
    in_training=False,
    budget=0.1,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def word_on(word: Word, wafer: str = "W-1", at: str = "", comment: str = "") -> Disposition:
    forecasts = (replace(FORECAST, wafer=wafer),) if wafer == "W-1" else ()
    return Disposition("predict-1", wafer, "lot.csv", word, comment, "anna", at, forecasts)


def row(received: str, *, failed: bool, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - cells
    """An outcome of the wafer that came in a file."""
    told = {"key": bytes.fromhex(FORECAST.key), "moment": datetime.fromisoformat(str(FORECAST.moment))}
    return {**asdict(FORECAST), **told, "failed": failed, "received": received, **more}


def outcomes(rows: list[dict[str, Any]], *words: Disposition) -> dict[str, tuple[bool, str]]:
    told = pa.Table.from_pylist(rows, SCHEMA)
    found = pa.concat_tables([with_dispositions(told, words), people_alone(told, words)])
    return {each["prediction"]: (each["failed"], each["received"]) for each in found.to_pylist()}


def test_dispositions_are_kept_in_their_order_with_name_and_time(store: Store) -> None:
    dispose(store, word_on("false-alarm"))
    dispose(store, word_on("scrapped", "W-2"))
    dispose(store, word_on("confirmed-fault", comment="seen under the microscope"))

    found = dispositions_of(store, "predict-1")

    assert [each.word for each in found] == ["false-alarm", "scrapped", "confirmed-fault"]
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert found[2].who == "anna"
    assert found[2].forecasts == (FORECAST,)
    assert all_dispositions(store) == list(found)


def test_the_same_word_again_changes_nothing(store: Store) -> None:
    first = dispose(store, word_on("scrapped"))

    assert dispose(store, word_on("scrapped")) == first
    assert len(dispositions_of(store, "predict-1")) == 1


def test_nothing_gets_lost_when_several_people_decide_at_once(store: Store) -> None:
    names = [f"W-{number}" for number in range(2, 14)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: dispose(store, word_on("scrapped", name)), names))

    assert sorted(each.wafer for each in dispositions_of(store, "predict-1")) == sorted(names)


def test_the_last_word_is_in_force_unless_it_is_a_comment_or_withdrawn() -> None:
    words: list[Word] = ["false-alarm", "scrapped", "comment"]
    name = ("W-1", "lot.csv")

    assert in_force(map(word_on, words))[name].word == "scrapped"
    assert in_force(map(word_on, [*words, "withdrawn"])) == {}


@pytest.mark.parametrize(
    ("word", "failed"), [("confirmed-fault", True), ("scrapped", True), ("false-alarm", False), ("reworked", None)]
)
def test_a_disposition_is_the_outcome_of_what_was_predicted(word: Word, failed: bool | None) -> None:
    expected = {} if failed is None else {"predict-1": (failed, "2026-03-09")}

    assert outcomes([], word_on(word, at="2026-03-09")) == expected


def test_between_a_disposition_and_a_file_the_later_one_counts() -> None:
    early, late = row("2026-03-08", failed=False), row("2026-03-10", failed=False)

    assert outcomes([early], word_on("scrapped", at="2026-03-09")) == {"predict-1": (True, "2026-03-09")}
    assert outcomes([late], word_on("scrapped", at="2026-03-09")) == {"predict-1": (False, "2026-03-10")}


def test_a_reworked_wafer_has_no_outcome_until_that_is_withdrawn() -> None:
    late = row("2026-03-10", failed=False)
    reworked = word_on("reworked", at="2026-03-09")

    assert outcomes([late], reworked) == {}
    assert outcomes([late], reworked, word_on("comment", at="2026-03-11")) == {}
    assert outcomes([late], reworked, word_on("withdrawn", at="2026-03-11")) == {"predict-1": (False, "2026-03-10")}


def test_a_disposition_holds_for_every_prediction_by_the_same_readings_alone() -> None:
    same = row("2026-03-08", failed=False, prediction="predict-2", document="read-2")
    other = row("2026-03-08", failed=False, prediction="predict-3", document="read-3", key=b"\0" * 32)

    found = outcomes([same, other], word_on("scrapped", at="2026-03-09"))

    assert {name: failed for name, (failed, _) in found.items()} == {
        "predict-1": True,
        "predict-2": True,
        "predict-3": False,
    }


def test_outcomes_removed_while_they_are_read_are_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["outcomes-gone"], []])  # listed, and removed before its files are read
    monkeypatch.setattr(matched, "runs_that_published", lambda *_: next(answers))

    assert len(matched.known_predictions(store).every) == 0


def test_outcomes_that_are_there_but_damaged_are_no_removal(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matched, "runs_that_published", lambda *_: ["outcomes-damaged"])

    with pytest.raises(NotPublished):
        matched.known_predictions(store)
