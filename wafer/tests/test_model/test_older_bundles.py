"""A bundle of an earlier recipe keeps judging as it did."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wafer.model.assembly import CLUSTERS, NOVELTY, STATISTICS, load_bundle
from wafer.model.contributions import top_reasons
from wafer.model.files import SEAL, seal
from wafer.model.scoring import ModelBundle
from wafer.wafers.arrays import Wafers


@pytest.fixture
def older(folder: Path, trained_on: Wafers) -> ModelBundle:
    """A bundle as recipe 3 left it: ranges of the clusters' sensors, no novelty, nothing of failing wafers."""
    about = json.loads((folder / SEAL).read_text())["about"]
    clusters = json.loads((folder / CLUSTERS).read_text())
    readings = trained_on.columns(clusters["sensors"])
    clusters |= {"lows": np.nanmin(readings, axis=0).tolist(), "highs": np.nanmax(readings, axis=0).tolist()}
    clusters["limits"] = {"percentile": 99.9, "ranges": 10.0, "missing_share": 0.6}
    (folder / CLUSTERS).write_text(json.dumps(clusters))
    statistics = json.loads((folder / STATISTICS).read_text())
    del statistics["failing"]
    (folder / STATISTICS).write_text(json.dumps(statistics))
    for name in (NOVELTY, SEAL):
        (folder / name).unlink()
    seal(folder, about)
    return load_bundle(folder)


def _with_first(wafers: Wafers, reading: float) -> Wafers:
    readings = wafers.readings.copy()
    readings[:, 0] = reading
    return replace(wafers, readings=readings)


def test_a_bundle_without_a_file_of_novelty_keeps_its_ten_ranges(
    older: ModelBundle, wafers_of: Callable[..., Wafers]
) -> None:
    wafers = wafers_of(20, seed=21)

    near, far = (older.score(_with_first(wafers, reading)) for reading in (400.0, 5000.0))

    assert not any("far outside" in note for note in near.notes)
    assert all("far outside" in note for note in far.notes)


def test_a_bundle_without_a_file_of_novelty_judges_a_wafer_of_medians(
    older: ModelBundle, wafers_of: Callable[..., Wafers]
) -> None:
    wafers = wafers_of(1, seed=22)
    middle = np.full_like(wafers.readings, 100.0)

    assert older.score(replace(wafers, readings=middle)).notes == ("",)


def test_a_bundle_without_quantiles_of_failing_wafers_compares_with_passing_ones(
    older: ModelBundle, wafers_of: Callable[..., Wafers]
) -> None:
    reasons = [reason for each in top_reasons(older, wafers_of(20, seed=23)) for reason in each if reason.value]

    assert {reason.above_failing for reason in reasons} == {None}
    assert all(
        reason.text().endswith("of what raises the score)") and "of failing" not in reason.text() for reason in reasons
    )
