"""Files appear complete or not at all; only their owner reads a private one."""

from pathlib import Path

import pytest

from wafer.files import complete_file, create_file, local_name, write_file


def test_a_write_that_fails_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    write_file(path, b"old")

    with pytest.raises(IsADirectoryError), complete_file(path) as part:
        part.write_bytes(tmp_path.read_bytes())

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("figures.json", b"old")]


def test_a_private_file_is_readable_by_its_owner_alone_from_the_first_byte(tmp_path: Path) -> None:
    with complete_file(tmp_path / "secret", private=True) as part:
        modes = [part.stat().st_mode & 0o777]
    modes.append((tmp_path / "secret").stat().st_mode & 0o777)

    assert modes == [0o600, 0o600]


def test_of_two_who_create_a_file_the_first_one_stays(tmp_path: Path) -> None:
    create_file(tmp_path / "secret", b"first")

    with pytest.raises(FileExistsError):
        create_file(tmp_path / "secret", b"second")

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("secret", b"first")]


@pytest.mark.parametrize("name", [".", "..", "n" * 300, "ä" * 150])
def test_a_name_that_no_folder_holds_becomes_one_that_it_does(name: str, tmp_path: Path) -> None:
    (tmp_path / local_name(name)).write_bytes(b"rows")

    assert len(list(tmp_path.iterdir())) == 1
    assert local_name("wafer_09022021_120000.csv") == "wafer_09022021_120000.csv"
