"""How many clusters there are, and that the same wafers always fall into the same ones."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clustering.learn import Clusters, learn_clusters
from wafer.model.clusters import Clustering
from wafer.model.codec import from_json, to_json
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.progress import Progress, listening
from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import as_models_see
from wafer.wafers.training_file import TrainingFile, training_writer

RECIPE = Recipe(max_clusters=6)


def _wafers(groups: list[int], failures: list[int], seed: int = 0) -> Wafers:
    """Wafers in groups far apart; the first `failures` of each group failed."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(size, 20)) + 3.0 * rng.normal(size=20) for size in groups]
    failed = [np.arange(size) < bad for size, bad in zip(groups, failures, strict=True)]
    names = tuple(f"W-{i}" for i in range(sum(groups)))
    sensors = tuple(f"Sensor - {i}" for i in range(1, 21))
    readings = np.vstack(parts).astype(np.float32).astype(np.float64)  # as preprocessing hands them on
    return Wafers(names, names, ("a.csv",) * len(names), sensors, readings, np.concatenate(failed))


def _cluster(wafers: Wafers, recipe: Recipe = RECIPE, rows_at_once: int = 8192) -> Clusters:
    every = wafers.sensors
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "training.parquet"
        with training_writer(path, every) as write:
            for start in range(0, len(wafers), rows_at_once):
                part = wafers.rows(np.arange(start, min(start + rows_at_once, len(wafers))))
                head = [[bytes(32)] * len(part), *map(list, (part.ids, part.names, part.files))]
                head += [[None] * len(part), np.zeros(len(part), np.int8)]
                write([*head, part.known_failed], as_models_see(part.readings))
        with TrainingFile(path) as file:
            return learn_clusters(file, Preprocessor(every, every, (0.0,) * len(every), (), {}), recipe)


def test_clear_groups_are_found_and_the_largest_comes_first() -> None:
    wafers = _wafers([100, 200, 150], [30, 30, 30])

    found = _cluster(wafers)

    assert found.k == 3
    assert np.bincount(found.labels).tolist() == [200, 150, 100]


def test_every_reading_of_the_wafers_tells_how_far_it_has_come() -> None:
    told: list[Progress] = []

    with listening(told.append):
        _cluster(_wafers([100, 200, 150], [30, 30, 30]), rows_at_once=200)

    assert [str(each) for each in told if each.of != 20 and each.done < each.of] == [
        "200 of 450 wafers summed",
        "400 of 450 wafers summed",
        "200 of 450 wafers placed",
        "400 of 450 wafers placed",
        *(f"{k} of 6 numbers of clusters tried" for k in range(1, 6)),
    ]


@pytest.mark.parametrize(("failures", "most"), [([30, 30, 30], 3), ([30, 30, 2], 2), ([60, 2, 2], 1), ([5, 5, 5], 1)])
def test_no_cluster_keeps_too_few_failures_to_learn_from(failures: list[int], most: int) -> None:
    wafers = _wafers([150, 150, 150], failures)
    assert wafers.failed is not None

    found = _cluster(wafers)

    assert found.k <= most
    assert found.k == 1 or np.bincount(found.labels[wafers.failed]).min() >= RECIPE.min_cluster_failures


def test_thirty_wafers_are_one_cluster() -> None:
    found = _cluster(_wafers([30], [12]))

    assert found.k == 1
    assert set(found.labels) == {0}


def test_identical_wafers_are_one_cluster() -> None:
    wafers = _wafers([40], [12])
    wafers = replace(wafers, readings=np.tile(wafers.readings[:1], (40, 1)) + np.eye(40, 20) * 1e-3)

    assert _cluster(wafers).k == 1


def test_a_sensor_silent_in_half_the_wafers_takes_no_part() -> None:
    wafers = _wafers([60, 60], [30, 30])
    readings = wafers.readings.copy()
    readings[:61, 3] = np.nan

    found = _cluster(replace(wafers, readings=readings))

    assert "Sensor - 4" not in found.model.sensors
    assert len(found.model.sensors) == 19


def test_the_same_wafers_give_the_same_model_to_the_last_bit() -> None:
    wafers = _wafers([100, 100], [30, 30])

    assert to_json(_cluster(wafers).model) == to_json(_cluster(wafers).model)


def test_read_in_parts_the_wafers_give_the_same_clusters() -> None:
    wafers = _wafers([100, 200, 150], [30, 30, 30])

    whole, in_parts = _cluster(wafers), _cluster(wafers, rows_at_once=64)

    np.testing.assert_array_equal(in_parts.labels, whole.labels)
    np.testing.assert_array_equal(in_parts.distance, whole.distance)
    np.testing.assert_allclose(in_parts.model.components, whole.model.components, rtol=1e-9, atol=1e-9)


def test_where_starts_are_tried_on_some_wafers_all_are_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    wafers = _wafers([100, 200, 150], [30, 30, 30])
    shuffled = wafers.rows(np.random.default_rng(0).permutation(450))
    monkeypatch.setattr("clustering.learn._WAFERS_FOR_STARTS", 90)

    found = _cluster(shuffled)

    assert np.bincount(found.labels).tolist() == [200, 150, 100]


def test_a_model_survives_json_to_the_last_bit() -> None:
    wafers = _wafers([100, 100], [30, 30])
    model = _cluster(wafers).model

    again = from_json(Clustering, to_json(model))

    assert to_json(again) == to_json(model)
    np.testing.assert_array_equal(again.assign(wafers), model.assign(wafers))


def test_a_training_wafer_lies_within_the_usual_distances() -> None:
    wafers = _wafers([300, 300], [30, 30])
    model = _cluster(wafers).model

    distance, _ = model.distance_and_silence(wafers)

    nearest, farthest = model.usual_distance
    assert ((distance > nearest) & (distance < farthest)).all()
    assert model.percentile(distance).min() == 0
    assert model.percentile(distance).max() == 100


def test_a_wafer_at_the_medians_is_nearer_than_any_real_one() -> None:
    wafers = _wafers([300], [30])
    model = _cluster(wafers).model
    middle = np.median(wafers.readings, axis=0, keepdims=True)

    distance, _ = model.distance_and_silence(replace(wafers.rows(np.array([0])), readings=middle))

    assert distance[0] < model.usual_distance[0]


def test_more_silent_sensors_than_any_training_wafer_had_are_too_many() -> None:
    wafers = _wafers([100], [30])
    model = _cluster(wafers).model
    readings = wafers.readings[:2].copy()
    readings[0, :3] = np.nan

    _, missing = model.distance_and_silence(replace(wafers.rows(np.array([0, 1])), readings=readings))

    assert (missing > model.limits.missing_share).tolist() == [True, False]
