"""What lies in a folder of exports that has no table, and what to do about it."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar", ".bz2", ".xz", ".zst")
_LISTED = 3
_BEGIN = 4096  # bytes


def no_tables(files: Mapping[str, Path]) -> str:
    """Why none of the files can be looked at; `files` are the first few of the folder."""
    if not files:
        return "The folder has no file directly in it. Give the folder or prefix that holds the exports themselves."
    reasons = "; ".join(islice(_reasons(files), _LISTED))
    return f"The folder holds no table (CSV, text with a delimiter, a workbook): {reasons}."


def _reasons(files: Mapping[str, Path]) -> Iterator[str]:
    for name, path in files.items():
        yield f"`{name}` {_reason(name.lower(), path)}"


def _reason(name: str, path: Path) -> str:
    with path.open("rb") as file:
        begin = file.read(_BEGIN)
    if name.endswith(_ARCHIVES) or begin.startswith(b"PK\x03\x04"):
        return "is an archive: unpack it, and give the folder with its files"
    if begin.startswith(b"PAR1"):
        return "is Parquet: export it as CSV"
    if not begin.strip():
        return "is empty: export it again"
    if b"\0" in begin:
        return "is no text, or UTF-16 without its mark: export it as CSV in UTF-8"
    return "has no delimiter that gives its lines columns: export it as CSV"
