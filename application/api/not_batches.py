"""What an upload is by its first bytes where it is no CSV file, and what to do about it."""

from wafer.contract.text import Text
from wafer.contract.workbook import MAGIC

FIRST = 8  # bytes that tell
_PICTURE = "This file is a picture, not a batch of readings. Remove it."
_DOCUMENT = "This file is a document, not a batch of readings. Remove it."
_ARCHIVE = "This file is an archive. Unpack it and upload the CSV files in it."
_NEVER = {
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\0": _PICTURE,
    b"MM\0*": _PICTURE,
    b"%PDF": _DOCUMENT,
    b"7z\xbc\xaf": _ARCHIVE,
    b"Rar!": _ARCHIVE,
    b"BZh": _ARCHIVE,
    b"\xfd7zXZ": _ARCHIVE,
}
_WORKBOOK = (
    "This file is a workbook or a ZIP archive. Export the sheet as CSV (unpack an archive) and upload that; or let "
    "`wafer contract draft` write a contract that reads workbooks, add it with `wafer contract add NAME DIR`, and "
    "upload for that contract (`?contract=NAME`, or choose it on the page)."
)
_GZIP = "This file is packed with gzip. Unpack it, or upload it for a contract with `text: {compression: gzip}`."


def advice(first: bytes) -> str:
    """What to do about a file that no contract reads; empty for any other."""
    return next((words for magic, words in _NEVER.items() if first.startswith(magic)), "")


def packed(first: bytes) -> bool:
    """Whether it depends on the contract that this is a batch."""
    return first.startswith((*MAGIC, b"\x1f\x8b"))


def advice_under(first: bytes, text: Text) -> str:
    """What to do about a packed file that a contract does not read; empty where it does."""
    if first.startswith(MAGIC):
        return "" if text.workbook else _WORKBOOK
    return "" if text.compression == "gzip" else _GZIP
