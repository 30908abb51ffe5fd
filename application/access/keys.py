"""API keys: shown once when they are made, afterwards only their sha256 is known.

A key is `wafer_<id>_<secret>` with 256 random bits, so a plain hash is enough: there is nothing to guess. A file holds
them, and a running service sees a changed file at its next request.
"""

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from application.access.roles import Caller, Role
from application.errors import NotAuthenticated, RequestInvalid
from wafer.files import write_file

FILE = "keys.json"
PREFIX = "wafer"
_NOBODY = hashlib.sha256(secrets.token_bytes(32)).hexdigest()  # compared with where no key has the id, for equal time


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; `expires` is ISO 8601, or empty for never."""

    id: str
    name: str
    role: Role
    sha256: str
    created: str
    expires: str = ""

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) <= now


class Keys:
    """The keys in a file, which need not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}

    def all(self) -> list[Key]:
        """Every key, oldest first."""
        return sorted(self._current().values(), key=lambda key: (key.created, key.id))

    def add(self, name: str, role: Role, *, lifetime: timedelta | None = None) -> str:
        """Make a key and return it; nobody can read it again. Raises `RequestInvalid` for a name that is taken."""
        found = self.all()
        if any(key.name == name for key in found):
            raise RequestInvalid(f"There is a key named {name} already; revoke it first or choose another name.")
        now = datetime.now(UTC)
        key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        text = f"{PREFIX}_{key_id}_{secret}"
        expires = (now + lifetime).isoformat(timespec="seconds") if lifetime else ""
        self._write([*found, Key(key_id, name, role, _digest(text), now.isoformat(timespec="seconds"), expires)])
        return text

    def revoke(self, name: str) -> None:
        """Forget a key by its name. Raises `RequestInvalid` when there is none."""
        found = self.all()
        kept = [key for key in found if key.name != name]
        if len(kept) == len(found):
            raise RequestInvalid(f"There is no key named {name}.")
        self._write(kept)

    def caller(self, text: str) -> Caller:
        """Who a key belongs to. Raises `NotAuthenticated` for one that is unknown, revoked or expired."""
        parts = text.split("_", 2)
        key = self._current().get(parts[1]) if len(parts) == 3 else None
        right = hmac.compare_digest(_digest(text), key.sha256 if key else _NOBODY)
        if not key or not right:
            raise NotAuthenticated(
                "This API key is unknown or revoked. Check it, or ask for a new one (`wafer keys add NAME`)."
            )
        return self._alive(key)

    def owner(self, key_id: str) -> Caller:
        """Who a key's id belongs to now, for a session that began with it. Raises `NotAuthenticated`."""
        key = self._current().get(key_id)
        if not key:
            raise NotAuthenticated("The API key behind this session was revoked; sign in again.")
        return self._alive(key)

    def _alive(self, key: Key) -> Caller:
        if key.expired(datetime.now(UTC)):
            raise NotAuthenticated(f"The API key {key.name} expired; ask for a new one (`wafer keys add NAME`).")
        return Caller(key.name, key.role, key.id)

    def _current(self) -> dict[str, Key]:
        with self._lock:
            try:
                found = self._path.stat()
            except FileNotFoundError:
                self._seen, self._keys = None, {}
                return self._keys
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp != self._seen:
                listed = json.loads(self._path.read_text(encoding="utf-8"))["keys"]
                self._seen, self._keys = stamp, {raw["id"]: Key(**raw) for raw in listed}
            return self._keys

    def _write(self, keys: Sequence[Key]) -> None:
        text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1)
        write_file(self._path, f"{text}\n".encode(), private=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
