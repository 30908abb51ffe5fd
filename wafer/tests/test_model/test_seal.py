"""A bundle that was touched since training is refused before anything of it is built."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wafer.errors import BundleRejected
from wafer.files import complete_folder
from wafer.model.assembly import assemble_bundle, load_bundle, verify_bundle
from wafer.model.files import SEAL, seal
from wafer.model.scoring import ModelBundle


def _reseal(folder: Path) -> None:
    """Do what an attacker with write access would: make the list of files fit again."""
    record = json.loads((folder / SEAL).read_text())
    (folder / SEAL).unlink()
    seal(folder, record["about"])


def _alter(folder: Path) -> None:
    path = folder / "global" / "xgboost.ubj"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _edit_seal(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((folder / SEAL).read_text())
    change(record)
    (folder / SEAL).write_text(json.dumps(record))


TAMPERINGS: dict[str, Callable[[Path], object]] = {
    "one changed byte": _alter,
    "a missing file": lambda folder: (folder / "clusters.json").unlink(),
    "an extra file": lambda folder: (folder / "cluster-0" / "notes.txt").write_text("hello"),
    "no seal": lambda folder: (folder / SEAL).unlink(),
    "a seal that is not JSON": lambda folder: (folder / SEAL).write_text("{"),
    "a seal that is a list": lambda folder: (folder / SEAL).write_text("[]"),
    "another format": lambda folder: _edit_seal(folder, lambda record: record.update(format=2)),
    "a changed threshold recipe": lambda folder: _edit_seal(folder, lambda record: record["about"]["recipe"].clear()),
    "a path upwards": lambda folder: _edit_seal(folder, lambda record: record["files"].update({"../x": "0"})),
    "an absolute path": lambda folder: _edit_seal(
        folder, lambda record: record["files"].update({"/etc/hostname": "0"})
    ),
    "a link": lambda folder: (folder / "more").symlink_to("/etc"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampered_bundle_is_rejected(folder: Path, what: str) -> None:
    TAMPERINGS[what](folder)

    with pytest.raises(BundleRejected):
        load_bundle(folder)


def test_a_bundle_other_than_the_registered_one_is_rejected(folder: Path) -> None:
    digest = load_bundle(folder).digest

    assert load_bundle(folder, expected_digest=digest).digest == digest
    with pytest.raises(BundleRejected):
        load_bundle(folder, expected_digest="0" * 64)


def test_the_same_parts_give_the_same_bytes(assemble: Callable[[Path], ModelBundle], tmp_path: Path) -> None:
    first, second = assemble(tmp_path / "a"), assemble(tmp_path / "b")

    assert first.digest == second.digest
    assert (tmp_path / "a" / SEAL).read_bytes() == (tmp_path / "b" / SEAL).read_bytes()


class _Foreign:
    """What unpickling or building an object of ours would run."""

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, ("touch executed",))


def test_a_pickle_in_place_of_a_forest_never_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    path = folder / "global" / "random_forest.ubj"
    path.write_bytes(pickle.dumps(_Foreign()))
    _reseal(folder)

    with pytest.raises(BundleRejected):
        load_bundle(folder)
    assert not (tmp_path / "executed").exists()


def test_checking_a_bundle_needs_no_model_library(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from wafer.model.assembly import verify_bundle; "
        "verify_bundle(Path(sys.argv[1])); assert not {'xgboost', 'sklearn', 'pandas'} & set(sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == 0
    assert verify_bundle(folder).about["contract_digest"] == "c0ffee"


def test_a_missing_cluster_is_not_assembled(part_folders: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleRejected):
        assemble_bundle(
            preprocessor_dir=part_folders / "preprocessor",
            cluster_model_dir=part_folders / "clusters",
            global_dir=part_folders / "global",
            cluster_dirs=[part_folders / "cluster-0"],
            out=tmp_path / "bundle",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with complete_folder(target) as fresh:
        (fresh / "old").write_text("old")

    with pytest.raises(FileNotFoundError), complete_folder(target) as fresh:
        (fresh / "no such folder" / "new").write_text("new")

    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
