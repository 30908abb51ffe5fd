"""The stage as a command."""

from pathlib import Path

from raw_data_validation_train.tests.corpus import batch
from tests.commands import Ended, call


def run(folder: Path, source: Path, *more: str) -> Ended:
    outputs = [f"--{name}={folder / name}" for name in ("accepted", "manifest", "quarantine", "report")]
    return call("raw_data_validation_train", f"--source={source}", *outputs, *more)


def test_the_command_writes_everything_and_says_the_totals(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "wafer_01022021_120000.csv").write_bytes(batch(1).data())

    done = run(tmp_path, tmp_path / "drop", "--kind=training")

    assert (done.code, done.err) == (0, "")
    assert "files_good 1" in done.out
    assert all((tmp_path / name).exists() for name in ("accepted", "manifest", "quarantine", "report"))


def test_the_command_ends_with_one_sentence_when_it_cannot(tmp_path: Path) -> None:
    missing = run(tmp_path, tmp_path / "nowhere")
    wrong = run(tmp_path, tmp_path, "--schema={}")

    assert (missing.code, wrong.code) == (1, 1)
    assert missing.err.startswith("SOURCE_NOT_FOUND: ")
    assert wrong.err.startswith("CONTRACT_INVALID: ")
    assert "Traceback" not in missing.err + wrong.err
