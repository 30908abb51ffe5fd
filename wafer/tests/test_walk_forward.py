"""A test forward in time asks only about wafers later than all that its model learned from."""

import numpy as np
import pytest

from wafer.evaluation.walk_forward import Split, Stamps, Timeline

FILES = 9
STAMPS = np.array(
    ["2020-03-01", "2020-01-02", "2020-01-01", "2020-05-01", "2020-02-01", "2020-06-01", "2020-04-01"] + ["NaT"] * 2,
    dtype="datetime64[s]",
)  # by file a, b, c …; the last two say nothing
IN_TIME = ("c.csv", "b.csv", "e.csv", "a.csv", "g.csv", "d.csv", "f.csv", "h.csv", "i.csv")


def line(size: int = 20, files: int = FILES, stamps: Stamps = STAMPS) -> tuple[Timeline, np.ndarray]:
    """Files of so many wafers, rows shuffled; the first two of every file fail."""
    rows = np.random.default_rng(2).permutation(size * files)
    file, number = rows // size, rows % size
    names = [f"{'abcdefghi'[each]}.csv" for each in file]
    wafers = [f"Wafer-{row}" for row in rows]
    return Timeline.of(stamps[file], names, wafers), number < 2


def test_files_are_ordered_by_stamp_and_those_without_one_come_last() -> None:
    assert line()[0].names == IN_TIME


def test_wafers_without_stamps_are_ordered_by_number() -> None:
    found = line(stamps=np.full(FILES, np.datetime64("NaT"), dtype="datetime64[s]"))[0]

    assert found.names == tuple(f"{letter}.csv" for letter in "abcdefghi")
    assert found.file[found.order].tolist() == np.repeat(np.arange(FILES), 20).tolist()


@pytest.mark.parametrize("size", [5, 20, 200])
def test_no_test_asks_about_a_wafer_as_early_as_one_learned_from(size: int) -> None:
    found, failed = line(size)

    windows = found.windows(failed, min_failures=4, min_passes=4)

    assert 3 <= len(windows) <= 6
    for window in windows:
        assert found.file[window.learn].max() < found.file[window.test].min()
        assert failed[window.learn].sum() >= 4
        assert failed[window.test].sum() >= 2
    asked = np.sum([window.test for window in windows], axis=0)
    assert asked.max() == 1, "a wafer is tested at most once"
    assert asked[found.file == FILES - 1].all(), "the last file is tested"


def test_too_few_failures_are_no_past_to_learn_from() -> None:
    found, failed = line()

    assert found.windows(failed, min_failures=2 * FILES, min_passes=4) == []
    assert found.windows(np.zeros(len(failed), bool), min_failures=1, min_passes=4) == []
    assert found.whole_files(failed, min_failures=2 * FILES, min_passes=4) == []


def test_whole_files_are_held_out_once_each_with_failures_in_every_fold() -> None:
    found, failed = line()

    folds = found.whole_files(failed, min_failures=4, min_passes=4)

    assert np.sum([fold.test for fold in folds], axis=0).tolist() == [1] * len(failed)
    assert all(failed[fold.test].any() for fold in folds)
    assert all(not np.intersect1d(found.file[fold.learn], found.file[fold.test]).size for fold in folds)


def test_one_file_is_cut_into_stretches_of_consecutive_wafers() -> None:
    found, failed = line(100, files=1)

    assert found.names[0] == "Wafer-0 to Wafer-9"
    windows: list[Split] = found.windows(failed, min_failures=1, min_passes=5)
    assert windows == []  # all failures come first, so nothing that follows can be judged

    rank = np.argsort(found.order)
    assert len(found.windows(rank % 10 == 3, min_failures=3, min_passes=5)) >= 3
