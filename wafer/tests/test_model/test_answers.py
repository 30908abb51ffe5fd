"""The answer for a wafer rests on that wafer's readings, and on nothing else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wafer.errors import ContractMismatch
from wafer.model.contributions import top_reasons
from wafer.model.scoring import ModelBundle, Scores
from wafer.wafers.arrays import Wafers

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _answers(scores: Scores) -> list[tuple[object, ...]]:
    novelty = scores.novelty
    columns = (
        scores.log_odds,
        scores.probability,
        scores.cluster,
        novelty.distance,
        novelty.percentile,
        scores.verdicts,
        scores.notes,
    )
    return list(zip(*columns, strict=True))


@QUICK
@given(rows=st.lists(st.integers(0, 99), min_size=1, max_size=40))
def test_neither_the_other_wafers_nor_their_order_change_an_answer(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers], rows: list[int]
) -> None:
    everything = wafers_of(100, seed=5)
    alone = _answers(bundle.score(everything))

    some = _answers(bundle.score(everything.rows(np.array(rows))))

    assert some == [alone[row] for row in rows]


@QUICK
@given(order=st.permutations(range(12)))
def test_the_order_of_the_sensors_never_matters(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers], order: list[int]
) -> None:
    wafers = wafers_of(30, seed=6)
    shuffled = replace(
        wafers,
        sensors=tuple(wafers.sensors[i] for i in order),
        readings=np.ascontiguousarray(wafers.readings[:, order]),
    )

    assert _answers(bundle.score(shuffled)) == _answers(bundle.score(wafers))


def test_neither_number_nor_file_nor_label_of_a_wafer_reach_the_model(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers]
) -> None:
    wafers = wafers_of(50, seed=7)
    renamed = replace(wafers, names=("X",) * 50, ids=("",) * 50, files=("other.csv",) * 50, failed=None)

    assert _answers(bundle.score(renamed)) == _answers(bundle.score(wafers))


def test_a_pandas_frame_gives_the_same_answers(bundle: ModelBundle, wafers_of: Callable[..., Wafers]) -> None:
    wafers = wafers_of(40, seed=8)
    frame = pd.DataFrame(wafers.readings, columns=list(wafers.sensors)).assign(Wafer=wafers.names)

    scores = bundle.score(frame)

    assert _answers(scores) == _answers(bundle.score(wafers))
    assert list(scores.frame()["wafer"]) == list(wafers.names)
    with pytest.raises(ContractMismatch):
        bundle.score(frame.drop(columns=["Sensor - 3"]))


@pytest.mark.parametrize("scale", [1e3, 1e30, 1e300])
def test_readings_no_float32_holds_still_get_an_answer_that_says_inspect(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers], scale: float
) -> None:
    wafers = wafers_of(20, seed=9)
    wafers = replace(wafers, readings=wafers.readings * scale)

    scores = bundle.score(wafers)

    assert np.isfinite(scores.probability).all()
    assert set(scores.verdicts) == {"inspect"}


def test_one_sensor_far_outside_training_is_never_a_silent_pass(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers]
) -> None:
    wafers = wafers_of(20, seed=10)
    readings = wafers.readings.copy()
    readings[3, 4] = 100_000.0

    scores = bundle.score(replace(wafers, readings=readings))

    assert scores.verdicts[3] == "inspect"
    assert "far outside" in scores.notes[3]
    assert scores.notes[2] == ""


def test_a_wafer_without_readings_is_never_a_silent_pass(bundle: ModelBundle, wafers_of: Callable[..., Wafers]) -> None:
    wafers = wafers_of(3, seed=11)
    readings = wafers.readings.copy()
    readings[1] = np.nan

    scores = bundle.score(replace(wafers, readings=readings))

    assert scores.verdicts[1] == "inspect"
    assert "silent" in scores.notes[1]


def test_contributions_and_a_constant_of_the_cluster_add_up_to_the_log_odds(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers]
) -> None:
    wafers = wafers_of(200, seed=13)
    scores = bundle.score(wafers)

    rest = scores.log_odds - bundle.explain(wafers).sum(axis=1)

    for cluster in (0, 1):
        assert np.ptp(rest[scores.cluster == cluster]) < 1e-3


def test_the_sensors_that_fail_wafers_are_the_ones_named(bundle: ModelBundle, wafers_of: Callable[..., Wafers]) -> None:
    wafers = wafers_of(200, seed=14)
    assert wafers.failed is not None

    reasons = top_reasons(bundle, wafers.rows(wafers.failed))

    named = [each[0].sensor for each in reasons if each]
    assert sum(name in {"Sensor - 2", "Sensor - 3"} for name in named) > 0.8 * len(named)
    assert all(reason.contribution > 0 for each in reasons for reason in each)


def test_no_wafer_gives_no_answer(bundle: ModelBundle, wafers_of: Callable[..., Wafers]) -> None:
    nobody = wafers_of(3).rows(np.array([], dtype=np.int64))

    scores = bundle.score(nobody)

    assert len(scores.probability) == len(scores.verdicts) == 0
    assert bundle.explain(nobody).shape == (0, 10)


@QUICK
@given(budgets=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_larger_budget_never_flags_fewer_wafers(
    bundle: ModelBundle, wafers_of: Callable[..., Wafers], budgets: tuple[float, float]
) -> None:
    wafers = wafers_of(60, seed=15)

    strict, loose = (bundle.score(wafers, budget) for budget in sorted(budgets))

    assert strict.threshold >= loose.threshold
    assert set(np.flatnonzero(strict.probability >= strict.threshold)) <= set(
        np.flatnonzero(loose.probability >= loose.threshold)
    )


def test_the_bundle_says_what_it_was_made_of(bundle: ModelBundle, trained_on: Wafers) -> None:
    assert bundle.about.contract_digest == "c0ffee"
    assert bundle.preprocessor.contract == trained_on.sensors
    assert len(bundle.out_of_fold.probability) == len(trained_on)
    assert bundle.statistics.wafers == len(trained_on)
    assert bundle.false_alarm_budget == 0.1


def test_a_wafer_of_the_training_is_known_again_by_its_readings_alone(
    bundle: ModelBundle, trained_on: Wafers, wafers_of: Callable[..., Wafers]
) -> None:
    renamed = replace(trained_on, names=("X",) * len(trained_on), readings=trained_on.readings * (1 + 2e-16))

    assert bundle.learned_from(bundle.keys(renamed)).all()
    assert not bundle.learned_from(bundle.keys(wafers_of(50, seed=16))).any()
