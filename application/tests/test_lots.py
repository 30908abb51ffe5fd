"""Lots over HTTP and at the command line: over all predictions and within one, as JSON and as CSV."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.cli.app import main
from application.tests.past import file_of, predicted_on, some_weeks
from application.tests.serving import Service, open_service
from tests.commands import end_of
from wafer.contract import ContractFiles
from wafer.store import layout, open_store
from wafer.tests.past import Told, drift_of, lot


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_service(tmp_path_factory.mktemp("weeks")) as service:
        some_weeks(service.home, service.store)
        yield service


def asked(service: Service, path: str, **params: str | int) -> httpx.Response:
    with service.client("viewer") as client:
        return client.get(path, params=params)


def lots(service: Service, **params: str | int) -> dict[str, Any]:
    found: dict[str, Any] = asked(service, "/lots", **params).raise_for_status().json()
    return found


def test_the_lot_with_too_many_flagged_wafers_is_an_excursion(weeks: Service) -> None:
    page = lots(weeks)

    assert (page["by"], page["excursions"], page["runs"]) == ("lot", 1, 4)
    assert page["columns"] == ["lot", "file", "run", "day", "week", "month"]
    assert page["centre"] == pytest.approx((11 + 11) / 300)
    (bad,) = (each for each in page["lots"] if each["chart"]["signals"])
    assert (bad["lot"], bad["chart"]["signals"], bad["flag_rate"]) == ("L-07", ["above"], 0.44)
    assert (bad["known"], bad["failed"], bad["yield"]) == (25, 9, 0.64)
    assert bad["first"] == "2026-03-16T08:00:00+00:00"
    assert bad["chart"]["high"] < 0.44


def test_lots_are_charted_by_wafers_to_inspect_and_by_outcomes_too(weeks: Service) -> None:
    assert lots(weeks, measure="inspected")["centre"] == pytest.approx(12 / 300)
    failed = lots(weeks, measure="failed")
    assert failed["centre"] == pytest.approx(9 / 25)
    assert {each["lot"]: each["chart"]["rate"] for each in failed["lots"]}["L-01"] is None


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"run": "predict-16"}, ["L-07", "L-08", "L-09"]),
        ({"runs": 1}, ["L-10", "L-11", "L-12"]),
        ({"since": "2026-03-20"}, ["L-10", "L-11", "L-12"]),
        ({"by": "day"}, ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]),
        ({"by": "file", "run": "predict-02"}, [file_of("02")]),
    ],
)
def test_a_part_of_the_history_is_asked_for(weeks: Service, params: dict[str, str | int], names: list[str]) -> None:
    assert [each["lot"] for each in lots(weeks, **params)["lots"]] == names


def test_the_wafers_of_a_lot_come_with_run_and_outcome(weeks: Service) -> None:
    found = asked(weeks, "/lots/wafers", by="lot", lot="L-07").json()

    assert found["total"] == len(found["wafers"]) == 25
    first = found["wafers"][0]
    assert (first["wafer"], first["verdict"], first["outcome"], first["run_id"]) == (
        "L-07-00",
        "fail",
        "fail",
        "predict-16",
    )
    assert found["wafers"][-1]["outcome"] == "pass"


def test_lots_and_their_wafers_come_as_csv(weeks: Service) -> None:
    rows = list(csv.DictReader(io.StringIO(asked(weeks, "/lots.csv").text)))
    wafers = list(csv.DictReader(io.StringIO(asked(weeks, "/lots/wafers.csv", by="lot", lot="L-07").text)))

    assert [row["lot"] for row in rows if row["signals"] == "above"] == ["L-07"]
    assert (rows[6]["yield"], rows[6]["runs"], rows[0]["yield"]) == ("0.64", "predict-16", "")
    assert (wafers[0]["wafer"], wafers[0]["outcome"], wafers[0]["in_training"]) == ("L-07-00", "fail", "false")


@pytest.mark.parametrize(
    ("path", "params", "status", "words"),
    [
        ("/lots", {"by": "tool"}, 422, "they have lot, file"),
        ("/lots", {"by": "top_sensors"}, 422, "they have lot, file"),
        ("/lots/wafers", {"by": "tool", "lot": ""}, 422, "they have lot, file"),
        ("/lots", {"run": "predict-99"}, 404, "no run predict-99"),
        ("/lots/wafers", {"by": "lot", "lot": "L-99"}, 404, "No wafer"),
        ("/lots/wafers", {"by": "top_sensors", "lot": "x"}, 422, "they have lot, file"),
    ],
)
def test_what_is_not_there_is_refused(
    weeks: Service, path: str, params: dict[str, str | int], status: int, words: str
) -> None:
    answer = asked(weeks, path, **params)

    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_without_any_prediction_there_are_no_lots(service: Service) -> None:
    page = lots(service)

    assert (page["by"], page["lots"], page["centre"]) == ("file", [], None)


def test_a_prediction_and_outcomes_that_came_since_are_counted(service: Service) -> None:
    predicted_on(service.home, service.store, "02", lot("A", 5, flagged=1))
    before = lots(service)["lots"]

    predicted_on(service.home, service.store, "03", [Told("A-00", "pass", context={"lot": "A"}), *lot("B", 5)])

    assert [(each["lot"], each["flagged"]) for each in before] == [("A", 1)]
    assert [(each["lot"], each["flagged"]) for each in lots(service)["lots"]] == [("A", 0), ("B", 0)]


def test_lots_sensors_and_drift_are_those_of_one_contract(service: Service) -> None:
    service.parts.lines.contracts.add("line-b", ContractFiles.of(policy="silent_sensors: 0.5"))
    more = {layout.DRIFT: drift_of(5)}
    predicted_on(service.home, service.store, "02", lot("A", 5, flagged=1), more=more)
    predicted_on(service.home, service.store, "03", lot("B", 5), more=more, parameters={"contract": "line-b"})

    for contract, run, name in (("", "predict-02", "A"), ("line-b", "predict-03", "B")):
        assert [each["lot"] for each in lots(service, contract=contract)["lots"]] == [name]
        drift = asked(service, "/drift", contract=contract).json()
        assert [each["run_id"] for each in drift["runs"]] == [run]
        assert asked(service, "/sensors", contract=contract).json()["flagged"] == (name == "A")
        assert [each["lot"] for each in lots(service, run=run)["lots"]] == [name]
    assert asked(service, "/lots", contract="line-c").status_code == 404


def test_lots_are_told_at_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    some_weeks(home, open_store(str(home / "store")))
    monkeypatch.setenv("WAFER_HOME", str(home))

    shown = end_of(main, "wafer", "lots")
    found = end_of(main, "wafer", "lots", "--by", "lot", "--run", "predict-16", "--json").json
    wafers = end_of(main, "wafer", "lots", "L-07", "--json").json

    assert "L-07" in shown.out
    assert "above" in shown.out
    assert "Beyond chance: 1 of 12" in shown.out
    assert [each["lot"] for each in found["lots"]] == ["L-07", "L-08", "L-09"]
    assert (wafers["by"], wafers["total"], wafers["wafers"][0]["wafer"]) == ("lot", 25, "L-07-00")
