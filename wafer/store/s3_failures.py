"""What S3 and the way to it can answer: what is worth another try, and what to tell the user in the end."""

from collections.abc import Callable
from typing import TypeVar

from boto3.exceptions import Boto3Error
from botocore import exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError, SSLError
from botocore.parsers import ResponseParserError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from wafer.errors import ObjectNotFound, PublishConflict, StoreUnavailable, WaferError

T = TypeVar("T")
FAILURES = (BotoCoreError, ClientError, Boto3Error, ResponseParserError)
_ON_THE_WIRE = (
    botocore_errors.ConnectionError,
    botocore_errors.HTTPClientError,
    botocore_errors.IncompleteReadError,
    botocore_errors.FlexibleChecksumError,
    ResponseParserError,
)
_TRY_AGAIN = {
    "SlowDown",
    "RequestTimeout",
    "Throttling",
    "ConditionalRequestConflict",
    "BadDigest",
}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "403", "401"}
_SKEWED = {"RequestTimeTooSkewed", "RequestExpired"}
_GATEWAY = {502, 503, 504}  # a proxy's page about an S3 that is away for now
_PAGE = ("<html", "<!doctype html", "text/html")
_NO_BUCKET = "NoSuchBucket"
LONGEST_PAUSE = 1.0  # seconds, between two calls
_ABSENT = {"NoSuchKey", "404", "NotFound"}


def patiently(action: Callable[[], T], seconds: float) -> T:
    """Repeat a call while it fails in a way that passes; the last failure is raised when the time is over.

    boto3's own standard retries stay inside each call, but they end after three tries, do not cover a body that is
    cut while it is read, and are rationed for the process when many calls fail.
    """
    pause = wait_random_exponential(multiplier=0.1, max=LONGEST_PAUSE)
    retrying = Retrying(retry=retry_if_exception(_passes), stop=stop_after_delay(seconds), wait=pause, reraise=True)
    return retrying(action)


def explain(failure: Exception, store: str, key: str) -> WaferError:
    """Turn the failure of a call into the error the user sees."""
    cause = _cause(failure)
    if not isinstance(cause, ClientError):
        return StoreUnavailable(_unreachable(cause, store))
    code = cause.response.get("Error", {}).get("Code", "")
    message = cause.response.get("Error", {}).get("Message", "")
    if _is_page(cause):
        return StoreUnavailable(_unreachable(cause, store))
    if code in _ABSENT:
        return ObjectNotFound(f"There is no {key} in the store {store}.")
    if code in {"PreconditionFailed", "412"}:
        return PublishConflict(f"{store}/{key} already holds something else and is not overwritten.")
    return StoreUnavailable(f"The store {store} answered {code} ({message}). {_advice(code)}")


def lacks_bucket(error: WaferError) -> bool:
    """Whether `explain` was given a call to a bucket that does not exist."""
    cause = _cause(error.__cause__) if error.__cause__ else None
    return isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code", "") == _NO_BUCKET


def _advice(code: str) -> str:
    if code == _NO_BUCKET:
        return "Create the bucket, or correct the address."
    if code in _REFUSED:
        return (
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and what they may do with this bucket."
        )
    if code in _SKEWED:
        return "The clock of this machine is wrong by more than 15 minutes: set it, then try again."
    if code in {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}:
        return "Set AWS_REGION to the region of the bucket."
    return "Try again when the store works; its own log says more."


def _unreachable(cause: BaseException, store: str) -> str:
    if isinstance(cause, (NoCredentialsError, PartialCredentialsError)):
        return f"No credentials for the store {store}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give a role."
    if _is_page(cause):
        return (
            f"The store {store} could not be used: its address answers with a web page, which is no S3. Correct "
            "AWS_ENDPOINT_URL (the port of the server, not of its console), or the proxy in between."
        )
    return f"The store {store} could not be used: {cause} Check AWS_ENDPOINT_URL, AWS_REGION and the network."


def _passes(failure: BaseException) -> bool:
    cause = _cause(failure)
    if _is_page(cause):
        return False
    if isinstance(cause, ClientError):
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or cause.response.get("Error", {}).get("Code", "") in _TRY_AGAIN
    return isinstance(cause, _ON_THE_WIRE) and not isinstance(cause, SSLError)


def _is_page(cause: BaseException) -> bool:
    """Whether a web page answered, and no S3; botocore takes one that comes with status 200 for a 500."""
    if isinstance(cause, ClientError):
        headers = cause.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status not in _GATEWAY and headers.get("content-type", "").startswith(_PAGE)
    return isinstance(cause, ResponseParserError) and any(mark in str(cause).lower() for mark in _PAGE)


def _cause(failure: BaseException) -> BaseException:
    """The failure itself, out of the wrappers of boto3's transfers."""
    if not isinstance(failure, Boto3Error):
        return failure
    last: BaseException | None = getattr(failure, "last_exception", failure.__context__)
    return last or failure
