"""Trees score as XGBoost scores them, bit for bit, and are read from the bytes that it writes."""

import json
from pathlib import Path

import numpy as np
import pytest
import xgboost

from wafer.model.families.tree_model import TreeModel, load_trees
from wafer.model.families.ubjson import read_ubjson


def _rows(count: int, seed: int, missing: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 6)).astype(np.float32)
    rows[:, 1] = np.round(rows[:, 1])  # readings on the very threshold
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def _booster(objective: str, *, missing: float = 0.0, depth: int = 6) -> xgboost.Booster:
    rows = _rows(300, 1, missing)
    failed = np.nan_to_num(rows[:, 0]) + np.sin(3 * np.nan_to_num(rows[:, 2])) > 0.3
    chosen = {"objective": objective, "max_depth": depth, "base_score": 0.3, "nthread": 1}
    return xgboost.train(chosen, xgboost.DMatrix(rows, failed), 25)


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror"])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [1, 6, 12])
def test_a_score_has_the_bits_of_xgboost(objective: str, missing: float, depth: int) -> None:
    booster, rows = _booster(objective, missing=missing, depth=depth), _rows(5000, 2, missing)

    found = TreeModel(TreeModel.of(booster).saved).score(rows)

    np.testing.assert_array_equal(found.astype(np.float32), booster.inplace_predict(rows, predict_type="margin"))


def test_trees_that_never_split_and_no_rows_have_scores() -> None:
    booster = xgboost.train({"gamma": 1e9}, xgboost.DMatrix(_rows(50, 3, 0.0), np.arange(50) % 2), 3)
    leaves = TreeModel(TreeModel.of(booster).saved)

    assert len(set(leaves.score(_rows(20, 4, 0.0)))) == 1
    assert leaves.score(_rows(0, 4, 0.0)).shape == (0,)


def test_saved_trees_are_read_as_they_were_written() -> None:
    booster = _booster("binary:logistic")

    found = read_ubjson(bytes(booster.save_raw("ubj")))["learner"]

    expected = json.loads(booster.save_raw("json"))["learner"]
    assert found.keys() == expected.keys()
    assert found["learner_model_param"] == expected["learner_model_param"]
    for read, written in zip(*(each["gradient_booster"]["model"]["trees"] for each in (found, expected)), strict=True):
        assert read.keys() == written.keys()
        assert read["tree_param"] == written["tree_param"]
        for name, values in read.items():
            if isinstance(values, np.ndarray):
                np.testing.assert_array_equal(values, np.array(written[name], dtype=values.dtype))


@pytest.mark.parametrize("data", [b"", b"no trees", b"{i\x01a", b"[$d#i\x09abc", b"{}"])
def test_other_bytes_are_no_trees(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "trees.ubj").write_bytes(data)

    with pytest.raises((KeyError, ValueError)):
        load_trees(tmp_path / "trees.ubj")
