"""Files that the operating system does not let us read: each is refused, and the rest of the drop is read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.store import Batch, is_s3


def without_unreadable(batches: Sequence[Batch], empty: Path) -> tuple[list[Batch], dict[str, Finding]]:
    """The batches with an empty file in place of each unreadable one, and the finding of each, by its name.

    A file that is gone altogether is no part of the drop any more, which is for the caller to find.
    """
    found = {batch.name: finding for batch in batches if (finding := _finding(batch))}
    if found:
        empty.touch()
    return [replace(each, uri=str(empty), bytes=0) if each.name in found else each for each in batches], found


def _finding(batch: Batch) -> Finding | None:
    if is_s3(batch.uri):
        return None
    try:
        with Path(batch.uri).open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        return None
    except OSError as exc:
        message = f"The file cannot be read: {exc.strerror}. Check its permissions, then start the run again."
        return Finding(FileCode.UNREADABLE, message)
    return None
