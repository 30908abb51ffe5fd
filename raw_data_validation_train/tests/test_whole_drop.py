"""The whole corpus as one drop, read once by one worker and once by four."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from raw_data_validation_train.tests.corpus import Case, accept, reject, write
from raw_data_validation_train.tests.drop import everything_below, validate
from wafer.engine import Inline

pytestmark = pytest.mark.slow  # many files, each read several times


@dataclass(frozen=True, slots=True)
class Validated:
    """A drop before and after its validation into `folder`."""

    cases: list[Case]
    folder: Path
    manifest: dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Validated:
    folder = tmp_path_factory.mktemp("whole")
    cases = [case for case in (*accept(), *reject()) if case.is_ordinary]
    random.Random(7).shuffle(cases)
    write(cases, folder / "drop")
    return Validated(cases, folder, validate(folder / "drop", folder / "one", engine=Inline(1)))


def test_a_file_is_judged_the_same_alone_and_among_all_others(whole: Validated) -> None:
    found = {file["name"]: file for file in whole.manifest["files"]}

    assert {name: tuple(file["codes"]) for name, file in found.items()} == {
        case.file: case.codes for case in whole.cases
    }
    for case in whole.cases:
        if not case.codes:
            assert found[case.file]["row_codes"] == case.rows
    assert whole.manifest["identity"]["holds"]


def test_rows_in_are_rows_good_plus_rows_quarantined(whole: Validated) -> None:
    manifest = whole.manifest

    on_disk = sum(parquet.read_metadata(path).num_rows for path in (whole.folder / "one" / "accepted").iterdir())
    totals = manifest["totals"]
    assert totals["rows_in"] == on_disk + totals["rows_quarantined"]
    assert totals["rows_good"] == on_disk
    assert manifest["identity"] == {
        "rows_in": totals["rows_in"],
        "rows_good": totals["rows_good"],
        "rows_quarantined": totals["rows_quarantined"],
        "holds": True,
    }
    for file in manifest["files"]:
        assert file["rows_in"] == file["rows_good"] + file["rows_quarantined"]
    listed = [file for file in manifest["files"] if file["verdict"] == "good" or file["codes"] == ["NO_GOOD_ROWS"]]
    assert len(manifest["rows"]) == sum(file["rows_quarantined"] for file in listed)


def test_the_same_drop_gives_the_same_bytes_however_many_workers_read_it(whole: Validated) -> None:
    validate(whole.folder / "drop", whole.folder / "four", engine=Inline(4))

    assert everything_below(whole.folder / "one") == everything_below(whole.folder / "four")


def test_the_source_is_never_changed(whole: Validated) -> None:
    assert everything_below(whole.folder / "drop") == {case.file: case.data for case in whole.cases}
