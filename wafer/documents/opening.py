"""Which document database an address means."""

from pathlib import Path

from wafer.documents.protocol import Documents
from wafer.documents.sqlite import SqliteDocuments
from wafer.errors import DocumentsUnavailable
from wafer.paths import local_path, sqlite_path


def open_documents(uri: str) -> Documents:
    """Open a `mongodb://` (or `mongodb+srv://`) address, or the SQLite file at a path or `sqlite:///path`.

    The database is asked at once, and its collections and indexes are made where they are missing.
    """
    if uri.startswith(("mongodb://", "mongodb+srv://")):
        from wafer.documents.mongodb import MongoDocuments  # pymongo: 0.2 s

        return MongoDocuments(uri)
    return SqliteDocuments(_path(uri))


def _path(uri: str) -> Path:
    path = (sqlite_path(uri) or local_path(uri)) if uri.strip() else None
    if path is None:
        raise DocumentsUnavailable(
            f"{uri.rpartition('@')[2]!r} is no document database: give mongodb://… in MONGODB_URI, or a file's path."
        )
    return path
