"""The store in S3 and everything that speaks its API; endpoint and credentials by the AWS environment."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from wafer.errors import ObjectNotFound, PublishConflict, StoreUnavailable
from wafer.files import write_file
from wafer.patience import Patience, waiting_for
from wafer.patience import patience as process_patience
from wafer.store.aws import region, unusable
from wafer.store.disk import disk_errors
from wafer.store.protocol import StoredObject, check_key
from wafer.store.s3_failures import FAILURES, explain, patiently

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

PART = 8 * 1024 * 1024  # bytes; larger objects travel in parts of this size, four at a time
DELETIONS = 8  # at once
T = TypeVar("T")
_TRANSFER = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)


class S3Store:
    """A `Store` below `s3://bucket/prefix`."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str, *, patience: Patience | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._patience = patience or process_patience()
        self.uri = f"s3://{bucket}/{prefix}".rstrip("/")

    @classmethod
    def at(cls, uri: str) -> "S3Store":
        """Open the store at `s3://bucket/prefix`; `StoreUnavailable` when the address or AWS settings are unusable."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not bucket:
            raise StoreUnavailable(f"{uri!r} names no bucket: write s3://bucket/prefix.")
        if problem := unusable():
            raise StoreUnavailable(f"The store {uri} cannot be used. {problem}")
        environment = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
        return cls(_client(os.getpid(), environment, process_patience()), bucket, prefix.strip("/"))

    def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> None:
        """Write an object; `PublishConflict` if only an absent one may be written and other content is there.

        A put whose answer was lost is repeated and then refused (412) because of its own first try: what is stored
        decides, not the answer.
        """
        write = partial(self._client.put_object, Bucket=self._bucket, Key=self._path(key), Body=data)
        try:
            self._call(key, partial(write, IfNoneMatch="*") if only_if_absent else write)
        except PublishConflict:
            if self._stored(key) != data:
                raise

    def get(self, key: str) -> bytes:
        """Read a whole object; `ObjectNotFound` when there is none."""
        return self._call(key, partial(self._read, key))

    def part(self, key: str, start: int, length: int) -> bytes:
        """Read `length` bytes, at least one, from `start` on, fewer at the object's end; `ObjectNotFound` if none."""
        return self._call(key, partial(self._read_part, key, f"bytes={start}-{start + length - 1}"))

    def upload(self, path: Path, key: str) -> None:
        """Write an object from a file of any size."""
        if path.stat().st_size <= PART:
            self.put(key, path.read_bytes())
            return
        target = self._path(key)
        self._call(key, lambda: self._client.upload_file(str(path), self._bucket, target, Config=_TRANSFER))

    def download(self, key: str, path: Path) -> None:
        """Read an object of any size into a file, which appears complete or not at all; `ObjectNotFound` if none."""
        source = self._path(key)
        with disk_errors(path):
            data = self._call(key, partial(self._read_small, key))
            if data is not None:
                write_file(path, data)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            self._call(key, lambda: self._client.download_file(self._bucket, source, str(path), Config=_TRANSFER))

    def keys(self, prefix: str) -> list[StoredObject]:
        """Every object below the folder `prefix` (all of them for an empty one), sorted by key."""
        folder = f"{self._path(prefix.rstrip('/'))}/" if prefix.rstrip("/") else self._prefix
        return sorted(self._list(folder, delimiter=""))

    def children(self) -> list[StoredObject]:
        """The objects directly below the store's address, without those in deeper folders."""
        return sorted(self._list(self._prefix, delimiter="/"))

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._call(key, partial(self._client.delete_object, Bucket=self._bucket, Key=self._path(key)))

    def delete_below(self, prefix: str) -> None:
        """Remove every object below the folder `prefix`; none is no error."""
        with ThreadPoolExecutor(DELETIONS) as pool:
            list(pool.map(lambda item: self.delete(item.key), self.keys(prefix)))

    def _path(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _read(self, key: str) -> bytes:
        with closing(self._client.get_object(Bucket=self._bucket, Key=self._path(key))["Body"]) as body:
            return body.read()

    def _read_part(self, key: str, span: str) -> bytes:
        with closing(self._client.get_object(Bucket=self._bucket, Key=self._path(key), Range=span)["Body"]) as body:
            return body.read()

    def _read_small(self, key: str) -> bytes | None:
        """Content of an object of one part in one request; None, unread, for a larger one."""
        answer = self._client.get_object(Bucket=self._bucket, Key=self._path(key))
        with closing(answer["Body"]) as body:
            return body.read() if answer["ContentLength"] <= PART else None

    def _stored(self, key: str) -> bytes | None:
        try:
            return self.get(key)
        except ObjectNotFound:
            return None

    def _list(self, folder: str, *, delimiter: str) -> Iterator[StoredObject]:
        for page in self._pages(folder, delimiter):
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):  # an empty object some tools keep in place of a folder
                    yield StoredObject(item["Key"].removeprefix(self._prefix), item["Size"], item["ETag"])

    def _pages(self, folder: str, delimiter: str) -> Iterator["ListObjectsV2OutputTypeDef"]:
        ask = partial(self._client.list_objects_v2, Bucket=self._bucket, Prefix=folder, Delimiter=delimiter)
        page = self._call(folder, ask)
        yield page
        while page["IsTruncated"]:  # page by page, so that an error repeats one request and not the whole listing
            page = self._call(folder, partial(ask, ContinuationToken=page["NextContinuationToken"]))
            yield page

    def _call(self, key: str, action: Callable[[], T]) -> T:
        try:
            with waiting_for(f"the store {self.uri}"):
                return patiently(action, self._patience.repeat)
        except FAILURES as exc:
            raise explain(exc, self.uri, key) from exc


@lru_cache(maxsize=4)
def _client(process: int, environment: tuple[tuple[str, str], ...], patience: Patience) -> "S3Client":
    """One client a process and AWS environment: making one costs more than a request, and none survives a fork."""
    del process, environment
    config = Config(
        retries={"mode": "standard", "total_max_attempts": patience.tries},
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        max_pool_connections=32,
    )
    try:
        return boto3.session.Session(region_name=region()).client("s3", config=config)
    except (BotoCoreError, ValueError) as exc:
        raise StoreUnavailable(f"The AWS settings in the environment are not usable: {exc}") from exc
