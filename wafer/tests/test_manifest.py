"""The manifest that one stage writes is the manifest that another reads."""

import json
from pathlib import Path

from wafer.contract.manifest import Manifest, ManifestFile, ManifestRow, Totals, read_manifest

GOOD = ManifestFile("a.csv", 120, "aa", "good", (), (), ("14 sensors are silent.",), 3, 2, 1, {"LABEL": 1}, 14)
BAD = ManifestFile("b.csv", 80, "bb", "bad", ("HEADER",), ("Column X is missing.",), (), 5, 0, 5, {}, 0)
ROWS = [ManifestRow("a.csv", 4, "W-ö", "LABEL", "label 3")]
WHOLE = Manifest("training", "digest", Totals(2, 1, 1, 8, 2, 6, 200), {"HEADER": 1}, {"LABEL": 1}, (GOOD, BAD))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    WHOLE.write(tmp_path / "manifest.json", ROWS)

    found = read_manifest(tmp_path / "manifest.json")

    assert found == WHOLE
    assert (found.good, found.bad) == ([GOOD], [BAD])


def test_the_file_lists_rows_and_proves_that_none_got_lost(tmp_path: Path) -> None:
    WHOLE.write(tmp_path / "manifest.json", ROWS)

    raw = json.loads((tmp_path / "manifest.json").read_text(encoding="ascii"))

    assert raw["rows"] == [{"file": "a.csv", "line": 4, "wafer": "W-ö", "code": "LABEL", "message": "label 3"}]
    assert raw["identity"] == {"rows_in": 8, "rows_good": 2, "rows_quarantined": 6, "holds": True}
    assert list(raw)[:4] == ["kind", "contract", "spellings", "totals"]
    assert list(raw)[4:] == ["identity", "files_by_code", "rows_by_code", "files", "rows"]


def test_an_empty_drop_is_a_valid_manifest(tmp_path: Path) -> None:
    empty = Manifest("prediction", "digest", Totals(0, 0, 0, 0, 0, 0, 0), {}, {}, ())

    empty.write(tmp_path / "manifest.json", [])

    assert read_manifest(tmp_path / "manifest.json") == empty
