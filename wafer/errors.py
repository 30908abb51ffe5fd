"""The one family of errors. Each class says how it leaves the process: code, HTTP status, exit code, if a retry helps.

    WaferError                  500  INTERNAL
      x StageFailed             500  STAGE_FAILED, a retry can help
      · InputRefused            422
        x SourceEmpty                SOURCE_EMPTY
        x NoGoodFiles                NO_GOOD_FILES
        x ContractInvalid            CONTRACT_INVALID
        x DataUnlearnable            DATA_UNLEARNABLE
        x TaskTooLarge               TASK_TOO_LARGE
      · NotFound                404
        x SourceNotFound             SOURCE_NOT_FOUND
        x ObjectNotFound             OBJECT_NOT_FOUND
        x NotPublished               NOT_PUBLISHED
        x RunNotFound                RUN_NOT_FOUND
        x ModelNotFound              MODEL_NOT_FOUND
        x ContractNotFound           CONTRACT_NOT_FOUND
      · Conflict                409
        x NoProductionModel          NO_PRODUCTION_MODEL
        x BundleRejected             BUNDLE_REJECTED
        x ContractMismatch           CONTRACT_MISMATCH
        x PublishConflict            PUBLISH_CONFLICT
        x RunNotRetryable            RUN_NOT_RETRYABLE
        x ProductionChanged          PRODUCTION_CHANGED
        x NotWaiting                 NOT_WAITING
      · Unavailable             503  a retry can help
        x StoreUnavailable           STORE_UNAVAILABLE
        x DocumentsUnavailable       DOCUMENTS_UNAVAILABLE
        x RegistryUnavailable        REGISTRY_UNAVAILABLE
        x EngineUnavailable          ENGINE_UNAVAILABLE
      x DiskUnavailable         503  DISK_UNAVAILABLE

Classes marked x are raised; those marked · only group them. `application.errors` adds what the service refuses.
"""

from collections.abc import Iterator
from typing import ClassVar


class WaferError(Exception):
    """Something the user can act on; `message` says what happened and what to do about it.

    `sentence` is the message of an error that needs no facts of its own.
    """

    code: ClassVar[str] = "INTERNAL"
    sentence: ClassVar[str] = ""
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retry_helps: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.sentence)
        self.message = message or self.sentence


class StageFailed(WaferError):
    """A stage ended without a result and without a recorded error of its own (killed, out of memory)."""

    code = "STAGE_FAILED"
    retry_helps = True


class InputRefused(WaferError):
    """What was given cannot be worked with."""

    http_status = 422


class SourceEmpty(InputRefused):
    """The source exists but holds no CSV file."""

    code = "SOURCE_EMPTY"


class NoGoodFiles(InputRefused):
    """Every file of the drop was refused; the manifest names the reasons."""

    code = "NO_GOOD_FILES"


class ContractInvalid(InputRefused):
    """The schema or the policy given for the run cannot be read as a data contract."""

    code = "CONTRACT_INVALID"


class DataUnlearnable(InputRefused):
    """The good wafers cannot train a model: too few of them, one class only, or no usable sensor."""

    code = "DATA_UNLEARNABLE"


class TaskTooLarge(InputRefused):
    """The run has more wafers than a task has memory for."""

    code = "TASK_TOO_LARGE"


class NotFound(WaferError):
    """What was asked for does not exist."""

    http_status = 404


class SourceNotFound(NotFound):
    """The folder or prefix that should hold the batches does not exist or cannot be read."""

    code = "SOURCE_NOT_FOUND"


class ObjectNotFound(NotFound):
    """The store has no object under this key."""

    code = "OBJECT_NOT_FOUND"


class NotPublished(NotFound):
    """A published folder has no `_SUCCESS.json`, or its files do not match it."""

    code = "NOT_PUBLISHED"


class RunNotFound(NotFound):
    """No run with this id is known here."""

    code = "RUN_NOT_FOUND"


class ModelNotFound(NotFound):
    """The registry has no such version of the model."""

    code = "MODEL_NOT_FOUND"


class ContractNotFound(NotFound):
    """The installation has no contract of this name."""

    code = "CONTRACT_NOT_FOUND"


class Conflict(WaferError):
    """What was asked for does not fit what is there."""

    http_status = 409


class NoProductionModel(Conflict):
    """The registry has no version behind the alias `production`."""

    code = "NO_PRODUCTION_MODEL"
    sentence = (
        "No model is in production yet, so there is nothing to predict with. "
        "Train one first (`wafer train DIR`), or promote a version (`wafer models promote VERSION`)."
    )


class BundleRejected(Conflict):
    """A model bundle is incomplete, altered, or names a type that is not trusted; nothing of it was executed."""

    code = "BUNDLE_REJECTED"


class ContractMismatch(Conflict):
    """Wafers were measured under another contract than the one the model was trained on."""

    code = "CONTRACT_MISMATCH"


class PublishConflict(Conflict):
    """Another run already published different content under this prefix."""

    code = "PUBLISH_CONFLICT"


class RunNotRetryable(Conflict):
    """The run is still running, or it succeeded."""

    code = "RUN_NOT_RETRYABLE"


class ProductionChanged(Conflict):
    """Another version is in production than the one that the caller saw there."""

    code = "PRODUCTION_CHANGED"

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"{_in_production(found)}, but this change was asked for when {_in_production(expected, lower=True)}. "
            "Nothing was changed. Look at the versions again (`wafer models`), then decide anew."
        )


class NotWaiting(Conflict):
    """A version was declined that does not wait for a person; `waiting` is the one that does, 0 for none."""

    code = "NOT_WAITING"

    def __init__(self, version: int, waiting: int) -> None:
        who = f"version {waiting} does" if waiting else "none does"
        super().__init__(f"Version {version} does not wait for a decision; {who}. Nothing was changed.")


def _in_production(version: int, *, lower: bool = False) -> str:
    words = f"Version {version} is in production" if version else "No version is in production"
    return words[0].lower() + words[1:] if lower else words


class Unavailable(WaferError):
    """A service did not answer after the standard retries."""

    http_status = 503
    retry_helps = True


class StoreUnavailable(Unavailable):
    """The store did not answer after the standard retries."""

    code = "STORE_UNAVAILABLE"


class DocumentsUnavailable(Unavailable):
    """The document database did not answer after the standard retries."""

    code = "DOCUMENTS_UNAVAILABLE"


class RegistryUnavailable(Unavailable):
    """The model registry did not answer after the standard retries."""

    code = "REGISTRY_UNAVAILABLE"


class EngineUnavailable(Unavailable):
    """The workers that units of a task were to run on cannot be reached, or went away."""

    code = "ENGINE_UNAVAILABLE"


class DiskUnavailable(WaferError):
    """This machine's disk refuses: it is full or read-only, or something else is in a file's place."""

    code = "DISK_UNAVAILABLE"
    http_status = 503


def error_classes() -> dict[str, type[WaferError]]:
    """The class of every code that this process knows."""
    return {each.code: each for each in _tree(WaferError) if "code" in vars(each)}


def error_class(code: str) -> type[WaferError]:
    """The class behind a code that came as text, from another process's record; `WaferError` if it is unknown here."""
    return error_classes().get(code, WaferError)


def _tree(top: type[WaferError]) -> Iterator[type[WaferError]]:
    yield top
    for each in top.__subclasses__():
        yield from _tree(each)
