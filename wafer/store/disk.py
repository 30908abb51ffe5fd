"""What the disk refuses, told as what the store cannot do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wafer.errors import StoreUnavailable


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses (full, read-only, not permitted) into `StoreUnavailable`."""
    try:
        yield
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise StoreUnavailable(
            f"{path} cannot be used: {reason}. Check the disk's space and the folder's permissions, then try again."
        ) from exc
