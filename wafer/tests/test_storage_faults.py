"""A store in S3 over a way that fails: what a user gets in the end."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wafer.errors import ObjectNotFound, PublishConflict, StoreUnavailable
from wafer.patience import TASK
from wafer.store import Store, fetch_published, open_store, publish
from wafer.store.s3 import S3Store

Wire = Any  # the fixture's class lives in conftest.py, which cannot be imported


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries, boto3's and ours, as many as ever and without their pauses."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda self, context: 0.01)
    monkeypatch.setattr("wafer.store.s3_failures.LONGEST_PAUSE", 0.05)


@pytest.fixture
def far_store(
    wire: Wire, make_bucket: Callable[[str], str], moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A store that is reached over the wire."""
    bucket = make_bucket(moto_endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.endpoint)
    return open_store(f"s3://{bucket}/p")


def impatient(store: Store) -> S3Store:
    bucket, _, prefix = store.uri.removeprefix("s3://").partition("/")
    return S3Store(S3Store.at(store.uri)._client, bucket, prefix, patience=replace(TASK, repeat=0.2))


def test_a_conditional_put_whose_answer_was_lost_is_no_conflict(far_store: Store, wire: Wire) -> None:
    wire.fault = lambda number, _method: "answer lost" if number == 0 else ""

    far_store.put("claim", b"mine", only_if_absent=True)

    assert [request.split()[0] for request in wire.requests] == ["PUT", "PUT", "GET"]
    assert far_store.get("claim") == b"mine"


def test_a_conditional_put_that_lost_its_answer_to_another_run_is_a_conflict(far_store: Store, wire: Wire) -> None:
    far_store.put("claim", b"theirs", only_if_absent=True)
    wire.fault = lambda number, _method: "answer lost" if number == 1 else ""

    with pytest.raises(PublishConflict, match="claim"):
        far_store.put("claim", b"mine", only_if_absent=True)

    assert far_store.get("claim") == b"theirs"


@pytest.mark.parametrize(
    ("fault", "good_ones_in_ten"),
    [("refused", 9), ("refused", 5), ("answer lost", 5), ("answer lost", 2), ("body cut", 9), ("body cut", 5)],
)
def test_a_failing_way_changes_nothing_of_what_is_published(
    far_store: Store, wire: Wire, tmp_path: Path, fault: str, good_ones_in_ten: int
) -> None:
    files: dict[str, Path | bytes] = {f"file-{number}": os.urandom(1000) for number in range(3)}
    wire.fault = lambda number, _method: "" if number * 7 % 10 < good_ones_in_ten else fault

    publish(far_store, "training/r", files, run_id="r")
    fetch_published(far_store, "training/r", tmp_path)

    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert len(far_store.keys("training")) == 4


def test_a_large_file_survives_cut_bodies(far_store: Store, wire: Wire, tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(os.urandom(17 * 2**20))
    wire.fault = lambda number, _method: "body cut" if number % 4 == 1 else ""

    far_store.upload(original, "big")
    far_store.download("big", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == original.read_bytes()


def test_a_store_that_never_answers_well_ends_in_a_clear_error_in_time(far_store: Store, wire: Wire) -> None:
    store = impatient(far_store)
    started = time.monotonic()

    for fault in ("refused", "answer lost"):
        wire.fault = lambda _number, _method, fault=fault: fault
        for use in (lambda: store.put("a", b"1"), lambda: store.get("a"), lambda: store.keys("")):
            with pytest.raises(StoreUnavailable, match=r"s3://.*(SlowDown|AWS_ENDPOINT_URL)"):
                use()

    assert time.monotonic() - started < 6 * 5  # each ends its patience and one last round of boto3's own retries


def test_an_endpoint_nobody_listens_on_is_named_with_what_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(StoreUnavailable, match=r"127.0.0.1:9.*Check AWS_ENDPOINT_URL"):
        impatient(open_store("s3://bucket/p")).get("a")


def test_refused_access_is_not_repeated_and_names_the_settings(far_store: Store, wire: Wire) -> None:
    wire.fault = lambda _number, _method: "denied"

    with pytest.raises(StoreUnavailable, match=r"AccessDenied.*AWS_ACCESS_KEY_ID"):
        far_store.get("a")

    assert len(wire.requests) == 1


def test_missing_credentials_are_named_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(StoreUnavailable, match="set AWS_ACCESS_KEY_ID"):
        open_store("s3://bucket/p").get("a")


def test_a_missing_bucket_says_to_create_it(make_bucket: Callable[[str], str], moto_endpoint: str) -> None:
    make_bucket(moto_endpoint)

    with pytest.raises(StoreUnavailable, match=r"NoSuchBucket.*Create the bucket"):
        open_store("s3://wafer-test-none/p").put("a", b"1")


def test_a_missing_object_is_not_asked_for_twice(far_store: Store, wire: Wire) -> None:
    with pytest.raises(ObjectNotFound):
        far_store.get("a")

    assert len(wire.requests) == 1


def test_an_error_while_listing_repeats_one_page_and_not_the_listing(far_store: Store, wire: Wire) -> None:
    for number in range(16):  # three pages of seven
        far_store.put(f"{number:02}", b"1")
    wire.requests.clear()
    wire.fault = lambda number, _method: "refused" if number == 1 else ""

    listed = far_store.keys("")

    assert [item.key for item in listed] == [f"{number:02}" for number in range(16)]
    assert len(wire.requests) == 4
