"""One notice to one address: a signed POST, tried again at once where that may help."""

import hashlib
import hmac
import time
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from application.notices.address import Address
from application.notices.event import Event
from application.notices.forms import body_of

TRIES = 3
PAUSE_SECONDS = 0.25  # before the second try, twice that before the third
TIMEOUT_SECONDS = 5.0  # of one try


class NotDelivered(Exception):
    """An address did not take a notice."""

    def __init__(self, reason: str, *, retry_helps: bool) -> None:
        super().__init__(reason)
        self.retry_helps = retry_helps


def send(address: Address, event: Event, secret: str) -> None:
    """Send a notice. Raises `NotDelivered`."""
    tries = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, NotDelivered) and error.retry_helps),
        wait=wait_exponential(multiplier=PAUSE_SECONDS),
        stop=stop_after_attempt(TRIES),
        reraise=True,
    )
    tries(_post, address, event, secret)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the receiver compares: HMAC-SHA256 of time stamp, a dot and body."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _opener() -> OpenerDirector:
    """With the proxies of the environment, and without redirects: a notice is for its address alone."""
    opener = OpenerDirector()
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(handler())
    return opener


def _post(address: Address, event: Event, secret: str) -> None:
    body, timestamp = body_of(address.form, event), str(int(time.time()))
    headers = {"Content-Type": "application/json", "User-Agent": "wafer-fault", "X-Wafer-Event": event.id}
    if secret:
        headers |= {"X-Wafer-Timestamp": timestamp, "X-Wafer-Signature": signature(secret, timestamp, body)}
    request = Request(address.url, body, headers)  # noqa: S310 - `address` is http or https
    try:
        with _opener().open(request, timeout=TIMEOUT_SECONDS):
            pass
    except HTTPError as error:
        busy = error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS
        raise NotDelivered(f"It answered {error.code}.", retry_helps=busy) from error
    except (OSError, HTTPException) as error:  # the error's own text may hold the address
        raise NotDelivered(f"It does not answer ({type(error).__name__}).", retry_helps=True) from None
