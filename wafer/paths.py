"""Places as people write them, made absolute where a setting is read: tasks work in folders of their own."""

import re
from pathlib import Path
from urllib.parse import quote, unquote

SQLITE = "sqlite:///"  # of an absolute path the fourth slash follows
_EXACT = "sqlite+pysqlite:///"  # MLflow makes a folder of the name as it is spelled after SQLITE, %3F and all
_QUERY = re.compile(r"[A-Za-z_]+=[^/?&]*(?:&[A-Za-z_]+=[^/?&]*)*")
_SPECIAL = frozenset("%?#")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # also MLflow's own `mlflow-artifacts:/1/models`, and not `C:/`
_DATABASES = {".db", ".sqlite", ".sqlite3"}
MLFLOW_FILE = "mlflow.db"


def resolved(path: str | Path) -> Path:
    """A path from the root, `~` being the home folder of the user. Raises ValueError for a user who is not known."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as exc:
        raise ValueError(f"{path}: {exc}") from exc


def store_address(uri: str) -> str:
    """The address of a store: a URI as it is, a path or `file:` from the root, an empty one as it is."""
    if not uri.strip():
        return ""
    path = local_path(uri)
    return str(path) if path else uri


def documents_address(uri: str) -> str:
    """The address of a document database: a URI as it is, a file as its path from the root."""
    if not uri.strip():
        return ""
    path = sqlite_path(uri) or local_path(uri)
    return str(path) if path else uri


def tracking_address(uri: str) -> str:
    """The address of an MLflow: a URI of a server as it is; a SQLite file, or the one in a folder, from the root."""
    if not uri.strip():
        return ""
    if path := sqlite_path(uri):
        return sqlite_uri(path)
    path = local_path(uri)
    if path is None or uri == "databricks":
        return uri
    if any(path.glob("*/meta.yaml")):
        raise ValueError(
            f"{path} holds trainings as files, a form that MLflow has given up: move them into a database with "
            f"`mlflow migrate-filestore`, and name it as sqlite:///{path}/{MLFLOW_FILE}"
        )
    return sqlite_uri(path if path.suffix in _DATABASES or path.is_file() else path / MLFLOW_FILE)


def local_path(uri: str) -> Path | None:
    """The absolute path that a plain path or `file:` means; None for the address of something else."""
    if uri.startswith("file:"):
        rest = uri.removeprefix("file:")
        return _meant(f"/{rest[2:].partition('/')[2]}" if rest.startswith("//") else rest)
    return None if _SCHEME.match(uri) else resolved(uri)


def sqlite_uri(path: Path) -> str:
    """The address of a SQLite file for MLflow, whatever its folders are called."""
    text = str(path)
    return f"{_EXACT}{quote(text, safe='/ ')}" if _SPECIAL & set(text) else f"{SQLITE}{text}"


def sqlite_path(uri: str) -> Path | None:
    """The absolute path of the file that a `sqlite:///` address names; None for any other address."""
    scheme, separator, rest = uri.partition(":///")
    if not separator or scheme.partition("+")[0] != "sqlite" or not rest:
        return None
    if uri.startswith(_EXACT):
        return resolved(unquote(rest))
    path, mark, query = rest.partition("?")
    return _meant(rest if mark and not _QUERY.fullmatch(query) else path)


def _meant(path: str) -> Path:
    """A path of an address: its `%20` are blanks, unless it leads further into folders that are there as it stands."""
    decoded, literal = resolved(unquote(path)), resolved(path)
    return literal if _depth(literal) > _depth(decoded) else decoded


def _depth(path: Path) -> int:
    """How many parts of a path exist."""
    return max(len(part.parts) for part in (path, *path.parents) if part == part.parent or part.exists())
