"""What the front door refuses: the service's own codes beside those of `wafer.errors`, and the HTTP status of each."""

from wafer.errors import ANSWERS, WaferError


class RequestInvalid(WaferError):
    """The request does not have the form the interface describes."""

    code = "REQUEST_INVALID"


class SourceNotAllowed(WaferError):
    """The caller named a place outside the configured sources."""

    code = "SOURCE_NOT_ALLOWED"


class IdempotencyKeyReused(WaferError):
    """The same idempotency key came with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class TrainingRunning(WaferError):
    """A training is under way and a second one is refused; `run_id` is the one that runs."""

    code = "TRAINING_RUNNING"
    retry_helps = True

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The training {run_id} is still under way, and only one runs at a time. Wait for it or cancel it first."
        )
        self.run_id = run_id


class RunNotCancellable(WaferError):
    """The run has ended already."""

    code = "RUN_NOT_CANCELLABLE"


class NotAuthenticated(WaferError):
    """No key, or one that is unknown, expired or revoked."""

    code = "NOT_AUTHENTICATED"


class NotAllowed(WaferError):
    """The caller's role does not reach this far, or the request does not come from our own page."""

    code = "NOT_ALLOWED"


class TooManyRequests(WaferError):
    """The caller asks faster than the limit; `retry_after` seconds later it will be served."""

    code = "TOO_MANY_REQUESTS"
    retry_helps = True

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Too many requests; try again in {retry_after:.0f} seconds.")
        self.retry_after = retry_after


class UploadTooLarge(WaferError):
    """A file or a batch set is beyond the limit."""

    code = "TOO_LARGE"


class UploadConflict(WaferError):
    """Another file of this name lies there already; what runs may have read is never overwritten."""

    code = "UPLOAD_CONFLICT"


class PackageNotFound(WaferError):
    """No compiled pipeline is installed for this route."""

    code = "PACKAGE_NOT_FOUND"


class BackendUnavailable(WaferError):
    """Kubeflow does not answer, or refuses."""

    code = "BACKEND_UNAVAILABLE"
    retry_helps = True


class LedgerUnavailable(WaferError):
    """The run ledger does not answer."""

    code = "LEDGER_UNAVAILABLE"
    retry_helps = True


STATUS: dict[str, int] = {
    "REQUEST_INVALID": 422,
    "SOURCE_NOT_ALLOWED": 403,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "TRAINING_RUNNING": 409,
    "RUN_NOT_CANCELLABLE": 409,
    "NOT_AUTHENTICATED": 401,
    "NOT_ALLOWED": 403,
    "TOO_MANY_REQUESTS": 429,
    "TOO_LARGE": 413,
    "UPLOAD_CONFLICT": 409,
    "PACKAGE_NOT_FOUND": 503,
    "BACKEND_UNAVAILABLE": 503,
    "LEDGER_UNAVAILABLE": 503,
}


def http_status(code: str) -> int:
    """Status of the HTTP response that carries a code."""
    return STATUS[code] if code in STATUS else ANSWERS[code].http_status
