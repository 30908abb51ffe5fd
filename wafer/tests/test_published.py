"""Published folders are complete or invisible, in every kind of store."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from wafer.errors import NotPublished, ObjectNotFound, PublishConflict
from wafer.store import Store, StoredObject, fetch_published, files_below, publish, read_marker

FILES: Mapping[str, Path | bytes] = {"predictions.csv": b"wafer\nW1\n", "plots/roc.html": b"<p>", "empty": b""}


class Stopped(BaseException):
    """The process died here."""


class MortalStore:
    """A store whose process dies at its n-th write: before it, or after it but before anybody knows."""

    def __init__(self, store: Store, writes: int, *, after: bool) -> None:
        self._store = store
        self._left = writes
        self._after = after
        self.uri = store.uri

    def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> None:
        self._die_or(lambda: self._store.put(key, data, only_if_absent=only_if_absent))

    def upload(self, path: Path, key: str) -> None:
        self._die_or(lambda: self._store.upload(path, key))

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def part(self, key: str, start: int, length: int) -> bytes:
        return self._store.part(key, start, length)

    def download(self, key: str, path: Path) -> None:
        self._store.download(key, path)

    def keys(self, prefix: str) -> list[StoredObject]:
        return self._store.keys(prefix)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def delete_below(self, prefix: str) -> None:
        self._store.delete_below(prefix)

    def _die_or(self, write: Callable[[], None]) -> None:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Stopped
        write()
        if self._left < 0:
            raise Stopped


def test_a_published_folder_can_be_read_back_with_its_marker(store: Store, tmp_path: Path) -> None:
    address = publish(store, "predictions/run-1/", FILES, run_id="run-1")

    marker = fetch_published(store, "predictions/run-1", tmp_path / "copy")

    assert address == f"{store.uri}/predictions/run-1"
    assert marker == read_marker(store, "predictions/run-1/")
    assert marker.run_id == "run-1"
    assert {name: path.read_bytes() for name, path in files_below(tmp_path / "copy").items()} == {
        **FILES,
        "_SUCCESS.json": marker.to_json(),
    }
    described = json.loads(marker.to_json())["files"]["empty"]
    assert described == {"bytes": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}


def test_a_folder_of_files_is_published_by_their_names_below_it(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "a.txt").write_bytes(b"a" * 100_000)
    (tmp_path / "out" / "b.txt").write_bytes(b"b")

    publish(store, "training/r", files_below(tmp_path / "out"), run_id="r")

    assert list(read_marker(store, "training/r").files) == ["b.txt", "deep/a.txt"]
    assert store.get("training/r/deep/a.txt") == b"a" * 100_000


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("writes", range(4))
def test_an_interrupted_publication_is_invisible_and_can_be_repeated(
    store: Store, tmp_path: Path, writes: int, after: bool
) -> None:
    with pytest.raises(Stopped):
        publish(MortalStore(store, writes, after=after), "training/r", FILES, run_id="r")
    complete = writes == 3 and after

    if complete:
        assert read_marker(store, "training/r").run_id == "r"
    else:
        with pytest.raises(NotPublished, match="did not finish"):
            fetch_published(store, "training/r", tmp_path)
    publish(store, "training/r", FILES, run_id="r")

    assert set(fetch_published(store, "training/r", tmp_path).files) == set(FILES)


def test_what_an_interrupted_publication_left_is_overwritten_by_the_next(store: Store, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        publish(MortalStore(store, 3, after=False), "training/r", dict.fromkeys(FILES, b"old"), run_id="r")

    publish(store, "training/r", FILES, run_id="r")

    fetch_published(store, "training/r", tmp_path)
    assert (tmp_path / "predictions.csv").read_bytes() == FILES["predictions.csv"]


def test_publishing_the_same_again_writes_nothing(store: Store) -> None:
    publish(store, "training/r", FILES, run_id="r")

    again = publish(MortalStore(store, 0, after=False), "training/r", FILES, run_id="r")

    assert again == f"{store.uri}/training/r"


@pytest.mark.parametrize(
    ("run_id", "files", "sentence"),
    [
        ("other", {"predictions.csv": b"different"}, "published by the run r"),
        ("other", FILES, "published by the run r"),
        ("r", {**FILES, "empty": b"different"}, "published by this run"),
    ],
)
def test_what_is_published_never_changes(
    store: Store, tmp_path: Path, run_id: str, files: Mapping[str, Path | bytes], sentence: str
) -> None:
    publish(store, "training/r", FILES, run_id="r")

    with pytest.raises(PublishConflict, match=sentence):
        publish(store, "training/r", files, run_id=run_id)

    assert fetch_published(store, "training/r", tmp_path).run_id == "r"


def test_altered_or_missing_files_are_refused_and_leave_no_marker(store: Store, tmp_path: Path) -> None:
    publish(store, "training/r", FILES, run_id="r")
    fetch_published(store, "training/r", tmp_path)

    store.put("training/r/predictions.csv", b"wafer\nW2\n")
    with pytest.raises(NotPublished, match=r"predictions.csv is not what its marker names"):
        fetch_published(store, "training/r", tmp_path)
    store.delete("training/r/predictions.csv")
    with pytest.raises(NotPublished, match=r"lacks predictions.csv"):
        fetch_published(store, "training/r", tmp_path)

    assert not (tmp_path / "_SUCCESS.json").exists()
    assert not (tmp_path / "predictions.csv").exists()


@pytest.mark.parametrize(
    "marker",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"run_id": "r"}',
        b'{"run_id": "r", "files": {"a": 1}}',
        b'{"run_id": "r", "files": {"a": {"bytes": 1}}}',
        b'{"run_id": "r", "files": {"../../outside": {"bytes": 1, "sha256": "0"}}}',
        b'{"run_id": "r", "files": {"/outside": {"bytes": 1, "sha256": "0"}}}',
    ],
)
def test_a_damaged_or_hostile_marker_is_refused(store: Store, tmp_path: Path, marker: bytes) -> None:
    store.put("training/r/_SUCCESS.json", marker)

    with pytest.raises(NotPublished, match="damaged"):
        fetch_published(store, "training/r", tmp_path / "copy")
    with pytest.raises(PublishConflict):
        publish(store, "training/r", FILES, run_id="r")

    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(("name", "error"), [("../up", ObjectNotFound), ("_SUCCESS.json", PublishConflict)])
def test_no_published_file_lies_outside_its_folder_or_in_place_of_the_marker(
    store: Store, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        publish(store, "training/r", {"good": b"1", name: b"2"}, run_id="r")

    assert store.keys("") == []
