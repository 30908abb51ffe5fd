"""What the front door refuses, as further branches of the tree in `wafer.errors`.

WaferError
  x SourceNotAllowed           403  SOURCE_NOT_ALLOWED
  x NotAuthenticated           401  NOT_AUTHENTICATED
  x NotAllowed                 403  NOT_ALLOWED
  x TooManyRequests            429  TOO_MANY_REQUESTS, a retry can help
  x UploadTooLarge             413  TOO_LARGE
  x NotABatch                  415  NOT_A_BATCH
  x PackageNotFound            503  PACKAGE_NOT_FOUND
  · InputRefused               422
    x RequestInvalid                REQUEST_INVALID
    x IdempotencyKeyReused          IDEMPOTENCY_KEY_REUSED
    x WafersRefused                 WAFERS_REFUSED
  · Conflict                   409
    x TrainingRunning               TRAINING_RUNNING, a retry can help
    x RunNotCancellable             RUN_NOT_CANCELLABLE
    x NotRemovable                  NOT_REMOVABLE
    x UploadConflict                UPLOAD_CONFLICT
    x WaferAmbiguous                WAFER_AMBIGUOUS
  · Unavailable                503  a retry can help
    x BackendUnavailable            BACKEND_UNAVAILABLE
    x LedgerUnavailable             LEDGER_UNAVAILABLE
"""

from collections.abc import Sequence

from wafer.errors import Conflict, InputRefused, Unavailable, WaferError


class RequestInvalid(InputRefused):
    """The request does not have the form the interface describes."""

    code = "REQUEST_INVALID"


class WafersRefused(InputRefused):
    """No wafer of a request can be judged."""

    code = "WAFERS_REFUSED"

    def __init__(self, reasons: Sequence[str]) -> None:
        more = f" And {len(reasons) - 3} more." if len(reasons) > 3 else ""
        super().__init__(f"None of the {len(reasons)} wafer(s) can be judged. {'; '.join(reasons[:3])}.{more}")


class SourceNotAllowed(WaferError):
    """The caller named a place outside the configured sources."""

    code = "SOURCE_NOT_ALLOWED"
    http_status = 403


class IdempotencyKeyReused(InputRefused):
    """The same idempotency key came with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    sentence = "This idempotency key was used for another request; use a new key."


class TrainingRunning(Conflict):
    """A training is running and a second one is refused; `run_id` is the one that runs."""

    code = "TRAINING_RUNNING"
    retry_helps = True

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"The training {run_id} is still running, and only one of a contract runs at a time. Wait for it or cancel "
            "it first."
        )
        self.run_id = run_id


class RunNotCancellable(Conflict):
    """The run has ended already."""

    code = "RUN_NOT_CANCELLABLE"


class NotRemovable(Conflict):
    """Somebody still needs what is to be removed."""

    code = "NOT_REMOVABLE"


class NotAuthenticated(WaferError):
    """No key, or one that is unknown, expired or revoked."""

    code = "NOT_AUTHENTICATED"
    http_status = 401


class NotAllowed(WaferError):
    """The caller's role does not reach this far, or the request does not come from our own page."""

    code = "NOT_ALLOWED"
    http_status = 403


class TooManyRequests(WaferError):
    """The caller asks faster than the limit; `retry_after` seconds later it will be served."""

    code = "TOO_MANY_REQUESTS"
    http_status = 429
    retry_helps = True

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Too many requests; try again in {retry_after:.0f} seconds.")
        self.retry_after = retry_after


class UploadTooLarge(WaferError):
    """A file or a batch set is beyond the limit."""

    code = "TOO_LARGE"
    http_status = 413


class NotABatch(WaferError):
    """An upload is a picture, a document, an archive, or a workbook that its contract does not read."""

    code = "NOT_A_BATCH"
    http_status = 415


class UploadConflict(Conflict):
    """Another file of this name lies there already; what runs may have read is never overwritten."""

    code = "UPLOAD_CONFLICT"


class WaferAmbiguous(Conflict):
    """Several wafers of a run have the name that was asked for."""

    code = "WAFER_AMBIGUOUS"

    def __init__(self, run_id: str, wafer: str, files: Sequence[str]) -> None:
        super().__init__(
            f"Run {run_id} has {len(files)} wafers {wafer!r}, from {' and '.join(files)}. Name the file as well."
        )


class PackageNotFound(WaferError):
    """No compiled pipeline is installed for this route."""

    code = "PACKAGE_NOT_FOUND"
    http_status = 503


class BackendUnavailable(Unavailable):
    """Kubeflow does not answer, or refuses."""

    code = "BACKEND_UNAVAILABLE"


class LedgerUnavailable(Unavailable):
    """The run ledger does not answer."""

    code = "LEDGER_UNAVAILABLE"
