"""A training set as files is the training set, also when many fits read it at once."""

import ast
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wafer.model.training_files import TrainingFiles, new_features
from wafer.model.training_set import training_set


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_fits_that_read_at_once_read_no_header_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = TrainingFiles(tmp_path / "features.npy", tmp_path / "rows.npz")
    features = new_features(files.features, 40, 3)
    features[:] = np.arange(120).reshape(40, 3)
    failed = np.arange(40) % 4 == 0
    files.write(training_set(features, failed, np.arange(40) % 5))
    active, most, evaluate = [0], [0], ast.literal_eval

    def counted(text: str) -> object:
        active[0] += 1
        most[0] = max(most[0], active[0])
        try:
            return evaluate(text)
        finally:
            active[0] -= 1

    monkeypatch.setattr(ast, "literal_eval", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: files.read(), range(200)))

    assert most == [1]
    assert all(np.array_equal(each.failed, failed) for each in found)


def test_fits_that_read_at_once_share_one_map_of_the_features(tmp_path: Path) -> None:
    files = TrainingFiles(tmp_path / "features.npy", tmp_path / "rows.npz")
    features = new_features(files.features, 40, 3)
    files.write(training_set(features, np.arange(40) % 4 == 0, np.arange(40) % 5))

    one, two = files.read(), files.read()

    assert np.shares_memory(one.table, two.table)
    assert np.shares_memory(one.table, features)
    assert not one.table.flags.writeable
