"""What a bundle keeps of its out-of-fold scores answers as the scores themselves, also in bundles of before."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wafer.errors import BundleRejected
from wafer.model.assembly import assemble_bundle, load_bundle, rows_of
from wafer.model.calibration import threshold_for
from wafer.model.files import SEAL, seal
from wafer.model.out_of_fold import InTime, OutcomeCounts, OutOfFold, joined, load_out_of_fold
from wafer.model.scoring import ModelBundle
from wafer.tests.test_model.conftest import Parts
from wafer.wafers.arrays import Ints, Wafers

BUDGETS = (0.0, 0.01, 0.1, 0.37, 1.0)


def _rows(count: int) -> OutOfFold:
    rng = np.random.default_rng(3)
    failed = rng.random(count) < 0.1
    probability = np.round(1 / (1 + np.exp(3 - failed - rng.normal(size=count))), 6)
    names = pa.array([f"W-{row}" for row in range(count)])
    keys = np.array([f"{row:032}" for row in range(count)], "S32")
    batch = np.datetime64("2020-01-07T04:10:11") + np.arange(count).astype("timedelta64[s]")
    forward = np.where(np.arange(count) < 3, np.nan, probability)
    tested = InTime(batch, forward, probability)
    return OutOfFold(keys, names, names, np.zeros(count, np.int64), failed, probability, tested)


@pytest.fixture
def assembled(parts: Parts, tmp_path: Path) -> tuple[Path, Path]:
    """A bundle, and the rows that were kept next to it."""
    assemble_bundle(
        preprocessor_dir=parts.folder / "preprocessor",
        cluster_model_dir=parts.folder / "clusters",
        global_dir=parts.folder / "global",
        cluster_dirs=[parts.folder / "cluster-0", parts.folder / "cluster-1"],
        out=tmp_path / "bundle",
        out_of_fold=tmp_path / "rows.parquet",
    )
    return tmp_path / "bundle", tmp_path / "rows.parquet"


@pytest.fixture
def older(assembled: tuple[Path, Path], tmp_path: Path) -> Path:
    """The same bundle as recipe 2 made it: with the rows inside, and their keys as text."""
    bundle, kept = tmp_path / "older", assembled[1]
    shutil.copytree(assembled[0], bundle)
    about = json.loads((bundle / SEAL).read_text())["about"]
    for name in (SEAL, "outcomes.parquet", "known.parquet"):
        (bundle / name).unlink()
    table = pq.read_table(kept).drop_columns(["batch", "forward", "whole_file"])
    keys = pa.array([key.hex() for key in table["key"].to_pylist()])
    pq.write_table(table.set_column(0, "key", keys), bundle / "out_of_fold.parquet")
    seal(bundle, {name: value for name, value in about.items() if name != "out_of_fold"})
    return bundle


@pytest.mark.parametrize("budget", BUDGETS)
def test_counts_give_the_threshold_and_the_figures_of_the_rows(budget: float) -> None:
    rows = _rows(2000)

    counts = OutcomeCounts.of(rows)

    threshold = threshold_for(budget, rows.probability, rows.failed)
    assert counts.threshold(budget) == threshold
    flagged = rows.probability >= threshold
    assert counts.quality(budget).recall == flagged[rows.failed].mean()
    assert counts.quality(budget).false_alarm_rate == flagged[~rows.failed].mean()


@pytest.mark.parametrize("budget", BUDGETS)
def test_fewer_points_never_flag_more_than_the_budget_allows(budget: float) -> None:
    rows = _rows(2000)

    thinned = OutcomeCounts.of(rows, points=50)

    assert len(thinned.probability_at) <= 50
    assert (len(thinned.failed), thinned.failed.sum()) == (2000, rows.failed.sum())
    assert threshold_for(budget, rows.probability, rows.failed) <= thinned.threshold(budget)
    alarms = (rows.probability >= thinned.threshold(budget))[~rows.failed].mean()
    assert max(0.0, budget - 0.03) <= alarms <= budget


def test_a_bundle_of_before_answers_as_it_did(older: Path, assembled: tuple[Path, Path], trained_on: Wafers) -> None:
    now, before = load_bundle(assembled[0]), load_bundle(older)

    assert before.learned_from(before.keys(trained_on)).all()
    assert [before.out_of_fold.threshold(budget) for budget in BUDGETS] == [
        now.out_of_fold.threshold(budget) for budget in BUDGETS
    ]
    assert before.about.quality == now.about.quality


def _never() -> Path:
    raise AssertionError("the rows are in the bundle")


def test_the_rows_of_any_bundle_can_be_had_for_a_comparison(older: Path, assembled: tuple[Path, Path]) -> None:
    bundle, kept = assembled

    before, now = rows_of(older, load_bundle(older), _never), rows_of(bundle, load_bundle(bundle), lambda: kept)

    np.testing.assert_array_equal(before.keys, now.keys)
    np.testing.assert_array_equal(before.probability, now.probability)
    assert before.ids.equals(now.ids)
    assert np.isnan(before.in_time.forward).all()
    assert np.isnat(before.in_time.batch).all()


def test_scores_forward_in_time_and_stamps_stay_with_their_wafers(tmp_path: Path) -> None:
    rows = _rows(50)
    mixed = [_some(rows, part) for part in (np.arange(1, 50, 2), np.arange(0, 50, 2))]

    joined(mixed).save(tmp_path / "rows.parquet")
    found = load_out_of_fold(tmp_path / "rows.parquet")

    order = np.argsort(rows.keys)
    np.testing.assert_array_equal(found.keys, rows.keys[order])
    np.testing.assert_array_equal(found.in_time.batch, rows.in_time.batch[order])
    np.testing.assert_array_equal(found.in_time.forward, rows.in_time.forward[order])
    np.testing.assert_array_equal(found.in_time.whole_file, rows.in_time.whole_file[order])


def _some(rows: OutOfFold, index: Ints) -> OutOfFold:
    return OutOfFold(
        rows.keys[index],
        rows.ids.take(pa.array(index)),
        rows.names.take(pa.array(index)),
        rows.cluster[index],
        rows.failed[index],
        rows.probability[index],
        rows.in_time.rows(index),
    )


def test_rows_that_were_altered_are_refused(assembled: tuple[Path, Path]) -> None:
    bundle, kept = assembled
    found = load_out_of_fold(kept)
    replace(found, failed=~found.failed).save(kept)

    with pytest.raises(BundleRejected, match="altered"):
        rows_of(bundle, load_bundle(bundle), lambda: kept)


def test_a_bundle_holds_eight_bytes_of_a_wafer_it_knows(bundle: ModelBundle, trained_on: Wafers) -> None:
    assert bundle.known.nbytes == 8 * len(trained_on)
