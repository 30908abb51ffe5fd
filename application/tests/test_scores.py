"""Answers at once are those of a prediction run; what cannot be judged is told; a promotion is taken up meanwhile."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from application.client import ServiceRefused, WaferClient
from application.errors import RequestInvalid
from application.inference.tensors import InferRequest
from application.scoring.production import LOOK_SECONDS, LoadedModels, Production
from application.scoring.reference import LatestScores
from application.tests.real_models import RealModels, Trained
from application.tests.serving import Service, open_service
from pred_pipeline.stage import predict_wafers
from wafer.errors import NoProductionModel
from wafer.store import open_store
from wafer.wafers.arrays import read_wafers

READINGS = {f"Sensor-{number}": 0.5 for number in range(1, 9)}


@pytest.fixture
def registry(trained_line: Trained) -> RealModels:
    return RealModels(trained_line.bundles)


@pytest.fixture
def served(tmp_path: Path, registry: RealModels) -> Iterator[Service]:
    with open_service(tmp_path, versions=registry) as service:
        yield service


@pytest.fixture
def client(served: Service) -> WaferClient:
    return WaferClient(served.url, served.key("operator"))


def test_answers_are_those_of_a_prediction_run(trained_line: Trained, client: WaferClient, tmp_path: Path) -> None:
    wafers = read_wafers(trained_line.export)
    digest, bundle = next(iter(trained_line.bundles.items()))
    predict_wafers(
        trained_line.export, bundle, tmp_path / "out", model_version="1", run_id="run", expected_digest=digest
    )
    rows = {row["wafer"]: row for row in pq.read_table(tmp_path / "out" / "predictions.parquet").to_pylist()}

    found = client.score(
        {
            name: {
                sensor: None if np.isnan(value) else value for sensor, value in zip(wafers.sensors, values, strict=True)
            }
            for name, values in zip(wafers.names, wafers.readings.tolist(), strict=True)
        },
        reasons=True,
    )

    assert [each.wafer for each in found.wafers] == list(wafers.names)
    for each in found.wafers:
        row, answer = rows[each.wafer], each.model_dump()
        same = ("verdict", "probability", "cluster", "distance_percentile", "note", "in_training")
        assert {name: answer[name] for name in same} == {name: row[name] for name in same}
        if row["verdict"] != "pass":
            assert answer["top_sensors"] == row["top_sensors"]
    assert found.threshold == next(iter(rows.values()))["threshold"]


def test_a_short_request_is_answered_in_place_as_a_long_one_is_elsewhere(served: Service, client: WaferClient) -> None:
    elsewhere = client.score({f"W-{number}": READINGS for number in range(9)}, reasons=True)
    in_place = served.parts.lines.scores_at_hand()
    alone = client.score({"W-0": READINGS}, reasons=True)

    assert in_place
    assert in_place.at_hand
    assert alone.wafers == elsewhere.wafers[:1]
    assert served.parts.lines.scores_at_hand("of-nobody") is None


def test_a_reading_that_is_no_number_is_not_sent_as_silence(client: WaferClient) -> None:
    found = client.score({"W-1": READINGS, "W-2": READINGS | {"Sensor-3": float("nan")}})

    assert [each.wafer for each in found.wafers] == ["W-1"]
    assert [(each.wafer, each.code) for each in found.refused] == [("W-2", "NOT_FINITE")]


def test_one_bad_wafer_does_not_cost_the_others_their_answers(client: WaferClient) -> None:
    found = client.score(
        {
            "W-1": READINGS,
            "W-2": READINGS | {"Sensor-3": "n/a"},
            "no id !": READINGS,
            "W-4": READINGS | {"Sensor-3": 1e300},
            "W-5": dict(reversed(READINGS.items())) | {"Sensor-3": "0.5"},
        }
    )

    assert [each.wafer for each in found.wafers] == ["W-1", "W-5"]
    assert found.wafers[0].probability == found.wafers[1].probability
    assert [(each.place, each.code) for each in found.refused] == [
        (1, "NOT_A_NUMBER"),
        (2, "WAFER_ID"),
        (3, "OUT_OF_RANGE"),
    ]
    assert "Sensor - 3 is 'n/a'" in found.refused[0].message


@pytest.mark.parametrize(
    ("readings", "status", "code", "says"),
    [
        (READINGS | {"Sensor-3": "n/a"}, 422, "WAFERS_REFUSED", "Sensor - 3 is 'n/a'"),
        (READINGS | {"Sensor-9": 1.0}, 409, "CONTRACT_MISMATCH", "1 name(s) are unknown to the model: 'Sensor-9'"),
        (dict(list(READINGS.items())[:3]), 409, "CONTRACT_MISMATCH", "send null"),
        (READINGS | {"Sensor - 1": 1.0}, 409, "CONTRACT_MISMATCH", "there already: 'Sensor - 1'"),
        (READINGS | {"Sensor-3": True}, 422, "REQUEST_INVALID", "Sensor-3"),
    ],
    ids=["all refused", "unknown", "missing", "twice", "no reading"],
)
def test_what_cannot_be_judged_is_told(
    served: Service, readings: dict[str, object], status: int, code: str, says: str
) -> None:
    with served.client("operator") as client:
        answer = client.post("/score", json={"wafers": [{"wafer": "W-1", "readings": readings}]})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert says in answer.json()["detail"]


def test_without_a_model_in_production_there_is_no_answer(client: WaferClient, registry: RealModels) -> None:
    registry.production = None

    with pytest.raises(ServiceRefused, match="NO_PRODUCTION_MODEL"):
        client.score({"W-1": READINGS})


def test_what_was_answered_is_counted_for_drift(served: Service, client: WaferClient) -> None:
    moved = {f"W-{number}": READINGS | {"Sensor-5": 3.0 + number / 100} for number in range(60)}
    client.score(moved)
    with served.client("viewer") as viewer:
        found = viewer.get("/score").json()

    assert (found["model_version"], found["wafers"], sum(found["counts"].values())) == (1, 60, 60)
    assert "Sensor - 5" in found["moved"]


def test_a_promotion_is_taken_up_while_the_old_version_still_answers(registry: RealModels, tmp_path: Path) -> None:
    now = [0.0]
    production = production_of(registry, tmp_path, now)
    assert production.model().version == 1

    registry.production = 2
    now[0] += LOOK_SECONDS - 1
    assert production.model().version == 1
    now[0] += 1
    production.model()

    assert _soon(production) == 2


def test_after_a_pause_the_first_answer_knows_of_a_promotion(registry: RealModels, tmp_path: Path) -> None:
    now = [0.0]
    production = production_of(registry, tmp_path, now)
    production.model()

    registry.production = 2
    now[0] += 3600

    assert production.model().version == 2


def production_of(registry: RealModels, home: Path, now: list[float]) -> Production:
    latest = LatestScores(open_store(str(home / "store")))
    return Production(registry, LoadedModels(registry), latest, clock=lambda: now[0])


def _soon(production: Production) -> int:
    """The version once the look in the background has ended."""
    with production.looked:
        return production.model().version


def production_known(registry: RealModels, folder: Path) -> tuple[Production, Callable[[], None]]:
    """What has been asked once, and what lets the time pass until it looks again."""
    now = [0.0]
    production = production_of(registry, folder, now)
    production.model()
    return production, lambda: now.__setitem__(0, now[0] + LOOK_SECONDS)


def test_a_registry_that_dies_leaves_the_last_version_in_place(registry: RealModels, tmp_path: Path) -> None:
    production, later = production_known(registry, tmp_path)

    registry.broken = True
    later()

    assert production.model().version == 1
    assert _soon(production) == 1


def test_a_version_taken_out_of_production_answers_no_more(registry: RealModels, tmp_path: Path) -> None:
    production, later = production_known(registry, tmp_path)

    registry.production = None
    later()
    production.model()

    with pytest.raises(NoProductionModel):
        _soon(production)


def test_a_name_that_is_too_long_is_the_callers_mistake_in_the_open_protocol_too() -> None:
    column = {"name": "Wafer", "shape": [1], "datatype": "BYTES", "data": ["W" * 201]}

    with pytest.raises(RequestInvalid, match="200 characters"):
        InferRequest.model_validate({"inputs": [column]}).to_scores()
