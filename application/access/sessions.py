"""The browser's session: a signed cookie that survives a restart, and the one-time link that begins it on a laptop."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from application.access.keys import Keys
from application.access.roles import Caller
from application.errors import NotAuthenticated

COOKIE = "wafer_session"
CSRF_HEADER = "X-CSRF-Token"
LIFETIME = 7 * 24 * 3600  # seconds
LOCAL = "local"
_AGAIN = "Sign in again."


def session_secret(path: Path) -> bytes:
    """The secret that signs sessions, made when there is none yet; readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with suppress(FileExistsError):  # another process made it this moment; a link never shows half a secret
            path.hardlink_to(temporary)
        temporary.unlink()
    return path.read_bytes()


class Sessions:
    """Makes and reads session cookies; `local` says whether sessions without a key are served here."""

    def __init__(self, secret: bytes, keys: Keys, *, local: bool) -> None:
        self._secret = secret
        self._keys = keys
        self._local = local

    def begin(self, caller: Caller) -> str:
        """The cookie's value for a caller."""
        claims = {"key": caller.key_id, "until": int(time.time()) + LIFETIME, "nonce": secrets.token_hex(8)}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return f"{body}.{self._sign('session', body)}"

    def caller(self, cookie: str) -> Caller:
        """Who a cookie belongs to now. Raises `NotAuthenticated` when forged, expired, or its key is gone."""
        body, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._sign("session", body).encode()):
            raise NotAuthenticated(f"This session was not begun here. {_AGAIN}")
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if claims["until"] <= time.time():
            raise NotAuthenticated(f"This session is over. {_AGAIN}")
        if claims["key"]:
            return self._keys.owner(claims["key"])
        if not self._local:
            raise NotAuthenticated("This session began with a link that is not served any more. Sign in with a key.")
        return Caller(LOCAL, "admin")

    def csrf(self, cookie: str) -> str:
        """What a page must send back with every change, beside the cookie."""
        return self._sign("csrf", cookie)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(errors="replace"), hashlib.sha256).hexdigest()


class Link:
    """The token of the one-time link: good for one sign-in."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._used = False

    def use(self, token: str) -> Caller:
        """Sign in with the link's token. Raises `NotAuthenticated` for another token, or the second time."""
        right = hmac.compare_digest(token.encode(errors="replace"), self.token.encode())
        with self._lock:
            if not right or self._used:
                raise NotAuthenticated("This link is not valid (any more): it works once. Start `wafer serve` again.")
            self._used = True
        return Caller(LOCAL, "admin")
