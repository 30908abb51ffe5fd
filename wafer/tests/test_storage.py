"""The contract of a store, for a folder, for moto, and for the server that `WAFER_TEST_S3` names."""

import filecmp
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wafer.errors import ObjectNotFound, PublishConflict, SourceNotFound, StoreUnavailable
from wafer.store import Store, StoredObject, fetch, list_batches, open_store

NOT_KEYS = [
    "",
    "/etc/passwd",
    "../secret",
    "a/../../b",
    "a//b",
    "a/",
    "./a",
    "a/.",
    "a\0b",
    "\udcff",
    ".part-1",
    "x" * 1025,
]


@pytest.mark.parametrize("size", [0, 1, 70_000])
def test_what_is_put_comes_back_byte_for_byte(store: Store, size: int) -> None:
    data = os.urandom(size)

    store.put("runs/one/a file (1) & ü%.bin", b"before")
    store.put("runs/one/a file (1) & ü%.bin", data)

    assert store.get("runs/one/a file (1) & ü%.bin") == data


def test_a_part_of_an_object_is_read_without_the_rest(store: Store) -> None:
    store.put("runs/one", b"0123456789")

    assert store.part("runs/one", 0, 4) == b"0123"
    assert store.part("runs/one", 7, 100) == b"789"
    with pytest.raises(ObjectNotFound):
        store.part("runs/two", 0, 4)


def test_a_file_of_several_parts_comes_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "deep" / "folder" / "copy"
    original.write_bytes(os.urandom(20 * 2**20 + 7))

    store.upload(original, "big/file.parquet")
    store.download("big/file.parquet", copy)

    assert copy.read_bytes() == original.read_bytes()
    assert store.keys("big") == [StoredObject("big/file.parquet", original.stat().st_size)]
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


MOVER = """
import resource, sys
from pathlib import Path
from wafer.store import open_store
store, folder = open_store(sys.argv[1]), Path(sys.argv[2])
store.put("small", b"x"); store.get("small")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store.upload(folder / "original", "large")
store.download("large", folder / "copy")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_a_file_larger_than_memory_should_be_passes_through_in_parts(s3_bucket: str, tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(os.urandom(2**20) * 192)

    done = subprocess.run(
        [sys.executable, "-c", MOVER, s3_bucket, str(tmp_path)], check=True, capture_output=True, text=True
    )

    assert int(done.stdout) < original.stat().st_size * 2 // 3
    assert filecmp.cmp(original, tmp_path / "copy", shallow=False)


def test_a_missing_object_is_told_to_be_missing_and_leaves_no_file(store: Store, tmp_path: Path) -> None:
    store.put("runs/one", b"1")

    for key in ("runs", "runs/two", "runs/one/deeper"):
        with pytest.raises(ObjectNotFound, match=key):
            store.get(key)
        with pytest.raises(ObjectNotFound, match=key):
            store.download(key, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("key", NOT_KEYS)
def test_no_key_leads_out_of_the_store(store: Store, tmp_path: Path, key: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    uses: list[Callable[[], object]] = [
        lambda: store.put(key, b"x"),
        lambda: store.put(key, b"x", only_if_absent=True),
        lambda: store.get(key),
        lambda: store.upload(tmp_path / "file", key),
        lambda: store.download(key, tmp_path / "copy"),
        lambda: store.delete(key),
    ]

    for use in uses:
        with pytest.raises(ObjectNotFound, match="cannot be a key"):
            use()

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_listing_is_sorted_complete_over_pages_and_keeps_to_the_folder(store: Store) -> None:
    names = [f"runs/a/{number:02}" for number in range(15)]
    for key in ["runs/ab/1", "runs/a.json", *reversed(names), "other"]:
        store.put(key, b"12")

    assert [item.key for item in store.keys("runs/a/")] == names
    assert store.keys("runs/a") == store.keys("runs/a/")
    assert [item.key for item in store.keys("")] == sorted(["other", "runs/ab/1", "runs/a.json", *names])
    assert {item.bytes for item in store.keys("")} == {2}
    assert store.keys("nothing/here") == []


def test_a_deleted_object_is_gone_and_deleting_it_again_is_no_error(store: Store) -> None:
    store.put("a/b", b"1")

    store.delete("a/b")
    store.delete("a/b")

    assert store.keys("") == []


def test_deleting_a_folder_leaves_what_is_beside_it(store: Store) -> None:
    for key in ("a/b/1", "a/b/c/2", "a/bc", "a/d"):
        store.put(key, b"1")

    store.delete_below("a/b")
    store.delete_below("a/b/")

    assert [item.key for item in store.keys("")] == ["a/bc", "a/d"]


def test_a_conditional_put_never_replaces_other_content(store: Store) -> None:
    store.put("claim", b"mine", only_if_absent=True)
    store.put("claim", b"mine", only_if_absent=True)

    with pytest.raises(PublishConflict, match="claim"):
        store.put("claim", b"theirs", only_if_absent=True)

    assert store.get("claim") == b"mine"


def test_of_many_conditional_puts_at_once_exactly_one_wins(store: Store) -> None:
    def claim(number: int) -> bool:
        try:
            store.put("claim", f"run {number}".encode(), only_if_absent=True)
        except PublishConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(claim, range(8)))

    assert won.count(True) == 1
    assert store.get("claim") == f"run {won.index(True)}".encode()


def test_batches_are_the_files_directly_in_the_source_by_name(address: str, store: Store, tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "notes.txt", "deeper/c.csv"):
        store.put(name, name.encode())

    batches = list_batches(address)
    fetched = [fetch(batch, tmp_path / "fetched") for batch in batches]

    assert [(batch.name, batch.bytes) for batch in batches] == [("a.csv", 5), ("b.csv", 5), ("notes.txt", 9)]
    assert [path.read_text() for path in fetched] == ["a.csv", "b.csv", "notes.txt"]


def test_a_drop_of_several_pages_is_listed_whole(address: str, store: Store) -> None:
    for number in range(16):
        store.put(f"wafer_{number:02}.csv", b"")

    assert [batch.name for batch in list_batches(address)] == [f"wafer_{number:02}.csv" for number in range(16)]


def test_local_batches_are_used_in_place(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.csv").write_text("1")

    (batch,) = list_batches(str(tmp_path / "drop"))

    assert fetch(batch, tmp_path / "unused") == tmp_path / "drop" / "a.csv"
    assert not (tmp_path / "unused").exists()


def test_a_file_name_that_is_not_unicode_is_listed_under_a_readable_name(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"wafer_\xff.csv")).write_text("1")

    (batch,) = list_batches(str(tmp_path))

    assert batch.name == r"wafer_\xff.csv"
    assert fetch(batch, tmp_path).read_text() == "1"


def test_a_source_that_cannot_be_used_says_what_to_give_instead(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text("1")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    for source, sentence in (
        (tmp_path / "missing", "There is no folder .*missing. Give the folder with the CSV batches"),
        (tmp_path / "file.csv", "is a file. Give the folder that holds it"),
        (tmp_path / "loop", "cannot be read"),
    ):
        with pytest.raises(SourceNotFound, match=sentence):
            list_batches(str(source))
    assert list_batches(f"file://{tmp_path}") == list_batches(str(tmp_path))


def test_links_to_nowhere_and_pipes_are_no_batches(tmp_path: Path) -> None:
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.csv")

    assert list_batches(str(tmp_path)) == []


def test_a_missing_bucket_is_a_missing_source(make_bucket: Callable[[str], str], moto_endpoint: str) -> None:
    make_bucket(moto_endpoint)

    with pytest.raises(SourceNotFound, match="no bucket"):
        list_batches("s3://wafer-test-none/drop")


@pytest.mark.parametrize("uri", ["", "  ", "gs://bucket/x", "s3://", "s3:///x", "mongodb://x"])
def test_an_address_that_is_no_store_is_refused_with_what_to_write(uri: str) -> None:
    with pytest.raises(StoreUnavailable, match="s3://bucket/prefix"):
        open_store(uri)


def test_unusable_aws_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "minio without a scheme")

    with pytest.raises(StoreUnavailable, match="AWS settings"):
        open_store("s3://bucket/prefix")


def test_a_disk_that_refuses_is_a_store_that_is_not_available(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")

    with pytest.raises(StoreUnavailable, match=r"cannot be used: .* permissions"):
        open_store(str(tmp_path / "file")).put("key", b"x")


WRITER = """
import sys
from pathlib import Path
from wafer.store import open_store
store = open_store(sys.argv[1])
while True:
    for letter in b"ab":
        store.put("object", bytes([letter]) * 3_000_000)
        print("written", flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


def test_a_killed_writer_leaves_the_last_complete_object(tmp_path: Path, writer: "subprocess.Popen[bytes]") -> None:
    assert writer.stdout is not None
    seen = set()
    for _ in range(12):
        writer.stdout.readline()
        seen.add(open_store(str(tmp_path)).get("object"))

    writer.send_signal(signal.SIGKILL)
    writer.wait()

    seen.add(open_store(str(tmp_path)).get("object"))
    assert seen <= {b"a" * 3_000_000, b"b" * 3_000_000}
    assert [item.key for item in open_store(str(tmp_path)).keys("")] == ["object"]
