"""The one family of errors: a stable code, a sentence for the user, and whether trying again can help."""

from dataclasses import dataclass


class WaferError(Exception):
    """Something the user can act on; `message` says what happened and what to do about it."""

    code = "INTERNAL"
    retry_helps = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SourceNotFound(WaferError):
    """The folder or prefix that should hold the batches does not exist or cannot be read."""

    code = "SOURCE_NOT_FOUND"


class SourceEmpty(WaferError):
    """The source exists but holds no CSV file."""

    code = "SOURCE_EMPTY"


class NoGoodFiles(WaferError):
    """Every file of the drop was refused; the manifest names the reasons."""

    code = "NO_GOOD_FILES"


class ContractInvalid(WaferError):
    """The schema or the policy given for the run cannot be read as a data contract."""

    code = "CONTRACT_INVALID"


class DataUnlearnable(WaferError):
    """The good wafers cannot train a model: too few of them, one class only, or no usable sensor."""

    code = "DATA_UNLEARNABLE"


class NoProductionModel(WaferError):
    """The registry has no version behind the alias `production`."""

    code = "NO_PRODUCTION_MODEL"


class BundleRejected(WaferError):
    """A model bundle is incomplete, altered, or names a type that is not trusted; nothing of it was executed."""

    code = "BUNDLE_REJECTED"


class ContractMismatch(WaferError):
    """Wafers were measured under another contract than the one the model was trained on."""

    code = "CONTRACT_MISMATCH"


class ObjectNotFound(WaferError):
    """The store has no object under this key."""

    code = "OBJECT_NOT_FOUND"


class NotPublished(WaferError):
    """A published folder has no `_SUCCESS.json`, or its files do not match it."""

    code = "NOT_PUBLISHED"


class PublishConflict(WaferError):
    """Another run already published different content under this prefix."""

    code = "PUBLISH_CONFLICT"


class StoreUnavailable(WaferError):
    """The store did not answer after the standard retries."""

    code = "STORE_UNAVAILABLE"
    retry_helps = True


class DocumentsUnavailable(WaferError):
    """The document database did not answer after the standard retries."""

    code = "DOCUMENTS_UNAVAILABLE"
    retry_helps = True


class RegistryUnavailable(WaferError):
    """The model registry did not answer after the standard retries."""

    code = "REGISTRY_UNAVAILABLE"
    retry_helps = True


class RunNotFound(WaferError):
    """No run with this id is known here."""

    code = "RUN_NOT_FOUND"


class ModelNotFound(WaferError):
    """The registry has no such version of the model."""

    code = "MODEL_NOT_FOUND"


class RunNotRetryable(WaferError):
    """The run is still going on, or it succeeded."""

    code = "RUN_NOT_RETRYABLE"


class StageFailed(WaferError):
    """A stage ended without a result and without a recorded error of its own (killed, out of memory)."""

    code = "STAGE_FAILED"
    retry_helps = True


@dataclass(frozen=True, slots=True)
class Answer:
    """How a code leaves the process: the exit code of a command, the status of an HTTP response."""

    exit_code: int
    http_status: int


ANSWERS: dict[str, Answer] = {
    "SOURCE_NOT_FOUND": Answer(1, 404),
    "SOURCE_EMPTY": Answer(1, 422),
    "NO_GOOD_FILES": Answer(1, 422),
    "CONTRACT_INVALID": Answer(1, 422),
    "DATA_UNLEARNABLE": Answer(1, 422),
    "NO_PRODUCTION_MODEL": Answer(1, 409),
    "BUNDLE_REJECTED": Answer(1, 409),
    "CONTRACT_MISMATCH": Answer(1, 409),
    "OBJECT_NOT_FOUND": Answer(1, 404),
    "NOT_PUBLISHED": Answer(1, 404),
    "PUBLISH_CONFLICT": Answer(1, 409),
    "STORE_UNAVAILABLE": Answer(1, 503),
    "DOCUMENTS_UNAVAILABLE": Answer(1, 503),
    "REGISTRY_UNAVAILABLE": Answer(1, 503),
    "RUN_NOT_FOUND": Answer(1, 404),
    "MODEL_NOT_FOUND": Answer(1, 404),
    "RUN_NOT_RETRYABLE": Answer(1, 409),
    "STAGE_FAILED": Answer(1, 500),
    "INTERNAL": Answer(1, 500),
}
