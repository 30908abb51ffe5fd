"""The browser's session: a signed cookie that survives a restart, and the one-time link that begins it on a laptop."""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from itsdangerous import BadSignature, Signer, URLSafeSerializer

from application.access.keys import Keys
from application.access.roles import Caller
from application.errors import NotAuthenticated
from wafer.files import create_file

COOKIE = "wafer_session"
CSRF_HEADER = "X-CSRF-Token"
LIFETIME = 7 * 24 * 3600  # seconds
LOCAL = "local"
_AGAIN = "Sign in again."


def session_secret(path: Path) -> bytes:
    """The secret that signs sessions, made when there is none yet; readable by its owner alone."""
    if not path.exists():
        with suppress(FileExistsError):  # another process made it this moment
            create_file(path, secrets.token_hex(32).encode(), private=True)
    return path.read_bytes()


def _to_nobody(_: str) -> None:
    """Nobody is told."""


class Sessions:
    """Makes and reads session cookies; `local` says whether sessions without a key are served here."""

    def __init__(self, secret: bytes, keys: Keys, *, local: bool, clock: Callable[[], float] = time.time) -> None:
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._cookies = URLSafeSerializer(secret, salt="session", signer_kwargs=signing)
        self._tokens = Signer(secret, salt="csrf", key_derivation="hmac", digest_method=hashlib.sha256)
        self._keys = keys
        self._local = local
        self._clock = clock

    def begin(self, caller: Caller) -> str:
        """The cookie's value for a caller."""
        # itsdangerous' own time stamps refuse a cookie from a replica whose clock is a second ahead.
        until = int(self._clock()) + LIFETIME
        claims = {"key": caller.key_id, "until": until, "nonce": secrets.token_hex(8)}
        return str(self._cookies.dumps(claims))

    def caller(self, cookie: str) -> Caller:
        """Who a cookie belongs to now. Raises `NotAuthenticated` when forged, expired, or its key is gone."""
        key_id = self._key_id(cookie)
        if key_id:
            return self._keys.owner(key_id)
        if not self._local:
            raise NotAuthenticated(
                "This session was started with a one-time link, which is no longer accepted. Sign in with a key."
            )
        return Caller(LOCAL, "admin")

    def csrf(self, cookie: str) -> str:
        """What a page must send back with every change, besides the cookie."""
        return self._tokens.get_signature(cookie.encode(errors="replace")).decode()

    def _key_id(self, cookie: str) -> str:
        try:
            claims = self._cookies.loads(cookie.encode(errors="replace"))
        except BadSignature as forged:
            raise NotAuthenticated(f"This session was not started here. {_AGAIN}") from forged
        if claims["until"] <= self._clock():
            raise NotAuthenticated(f"This session has expired. {_AGAIN}")
        return str(claims["key"])


class Link:
    """The token of the one-time link: good for one sign-in; `tell` gets each further one, for whoever sits here."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.tell: Callable[[str], None] = _to_nobody
        self._lock = threading.Lock()
        self._used = False

    def use(self, token: str) -> Caller:
        """Sign in with the link's token. Raises `NotAuthenticated` for another token, or the second time."""
        right = hmac.compare_digest(token.encode(errors="replace"), self.token.encode())
        with self._lock:
            if not right or self._used:
                raise NotAuthenticated(
                    "This link is not valid or was already used; it works once. Restart `wafer serve` for a new one."
                )
            self._used = True
        return Caller(LOCAL, "admin")

    def renew(self) -> None:
        """Make a new token and tell it, after somebody has signed out who can come back by no key."""
        with self._lock:
            self.token, self._used = secrets.token_urlsafe(32), False
        self.tell(self.token)
