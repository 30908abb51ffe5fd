"""Uploads: streamed to a temporary file, measured on the way, and stored only when complete."""

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from anyio import to_thread

from application.api import not_batches
from application.api.set_contracts import SetContracts
from application.errors import NotABatch, RequestInvalid, UploadConflict, UploadTooLarge
from wafer.contract.text import Text
from wafer.errors import PublishConflict
from wafer.files import LONGEST_NAME, sha256_of
from wafer.runs import Pipeline
from wafer.store import Store, layout

SET_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
AT_ONCE = 16
BODY_SECONDS = 300.0  # a body that trickles in longer holds a place that others wait for
WHOLE = 8 * 2**20  # bytes; smaller files are written under the condition that none is there


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in the store; `source` is what a run over its batch set names."""

    source: str
    name: str
    bytes: int
    sha256: str
    new: bool


@dataclass(frozen=True, slots=True)
class Uploads:
    """Takes files of at most `limit` bytes, and at most `files` of them into one batch set.

    `form` is how the files of a contract are written; no name means the default one.
    """

    store: Store
    sets: SetContracts
    form: Callable[[str], Text]
    limit: int = field(kw_only=True)
    files: int = field(kw_only=True)
    _places: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(AT_ONCE), init=False)

    async def take(
        self,
        pipeline: Pipeline,
        batch_set: str,
        name: str,
        body: AsyncIterator[bytes],
        declared: int | None,
        contract: str = "",
    ) -> Uploaded:
        """Store a body as `raw/<pipeline>/<batch set>/<name>`; the same file again changes nothing.

        `contract` is that of the batch set, for the runs over it.

        Raises `RequestInvalid` for a name that cannot be used, `UploadTooLarge` as soon as that is known,
        `NotABatch` for a picture, a workbook and the like, `UploadConflict` when another file lies there or the set is
        of another contract, `ContractNotFound`.
        """
        check_names(batch_set, name)
        source = layout.batch_set(pipeline, batch_set)
        if declared is not None and declared > self.limit:
            raise self._too_large()
        if contract:
            await to_thread.run_sync(self.sets.keep, pipeline, batch_set, contract)
        async with self._places:
            with TemporaryDirectory(prefix="wafer-upload-") as folder:
                path = Path(folder) / "body"
                try:
                    with anyio.fail_after(BODY_SECONDS):
                        begun = await self._begun(body, source)
                        size, sha256 = await self._spool(begun, body, path)
                except TimeoutError as error:
                    raise RequestInvalid(
                        f"The upload took longer than {BODY_SECONDS:.0f} seconds. Try a faster connection."
                    ) from error
                new = await to_thread.run_sync(self._keep, path, source, name, size, sha256)
        return Uploaded(source, name, size, sha256, new)

    async def _begun(self, body: AsyncIterator[bytes], source: str) -> bytes:
        """The first bytes of a body. Raises `NotABatch` where they are of no batch.

        The rest is read and let go of first: a browser that still sends hears no answer.
        """
        first = b""
        async for chunk in body:
            first += chunk
            if len(first) >= not_batches.FIRST:
                break
        words = not_batches.advice(first)
        if not_batches.packed(first):
            words = await to_thread.run_sync(lambda: not_batches.advice_under(first, self.form(self.sets.of(source))))
        if words:
            size = len(first)
            async for chunk in body:
                if (size := size + len(chunk)) > self.limit:
                    break
            raise NotABatch(words)
        return first

    async def _spool(self, begun: bytes, body: AsyncIterator[bytes], path: Path) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        async with await anyio.open_file(path, "wb") as file:
            async for chunk in _joined(begun, body):
                size += len(chunk)
                if size > self.limit:
                    raise self._too_large()
                digest.update(chunk)
                await file.write(chunk)
        return size, digest.hexdigest()

    def _keep(self, path: Path, source: str, name: str, size: int, sha256: str) -> bool:
        stored = {item.key: item.bytes for item in self.store.keys(source)}
        key = f"{source}/{name}"
        if key not in stored:
            if len(stored) >= self.files:
                raise UploadTooLarge(
                    f"{source} already has {len(stored)} files, which is the limit. Use another batch set."
                )
            self._write(path, key, size)
            return True
        stored_copy = path.with_name("stored")
        if stored[key] == size:
            self.store.download(key, stored_copy)
            if sha256_of(stored_copy) == sha256:
                return False
        raise _conflict(key)

    def _write(self, path: Path, key: str, size: int) -> None:
        if size > WHOLE:
            self.store.upload(path, key)
            return
        try:
            self.store.put(key, path.read_bytes(), only_if_absent=True)
        except PublishConflict as error:
            raise _conflict(key) from error

    def _too_large(self) -> UploadTooLarge:
        return UploadTooLarge(
            f"A file may have at most {self.limit:,} bytes. Split the batch, or copy it into a configured source."
        )


async def _joined(begun: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begun
    async for chunk in body:
        yield chunk


def _conflict(key: str) -> UploadConflict:
    return UploadConflict(
        f"A different file exists as {key}. Give this one another name, or upload it to another batch set."
    )


def check_names(batch_set: str, name: str) -> None:
    """Raise `RequestInvalid` unless both can be parts of a key everywhere.

    Stricter than `wafer.files.local_name`, which has to take in what somebody else named.
    """
    if not SET_NAME.fullmatch(batch_set):
        raise RequestInvalid(
            "The name of a batch set has up to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit."
        )
    plain = name == unicodedata.normalize("NFC", name) and name.isprintable() and len(name.encode()) <= LONGEST_NAME
    if not plain or name.startswith((".", "_SUCCESS")) or set(name) & set('/\\:*?"<>|%'):
        raise RequestInvalid(
            f"A file name has at most {LONGEST_NAME} bytes of printable text, does not start with a dot, and has "
            'none of / \\ : * ? " < > | % in it. Rename the file.'
        )
