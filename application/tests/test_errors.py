"""Codes, HTTP statuses and exit codes are an interface: scripts and dashboards outside hold on to them."""

import re

import pytest

import application.errors
import wafer.errors
from wafer.errors import WaferError, error_class, error_classes

TABLE = """
INTERNAL 500 final
STAGE_FAILED 500 retry
SOURCE_EMPTY 422 final
NO_GOOD_FILES 422 final
CONTRACT_INVALID 422 final
DATA_UNLEARNABLE 422 final
TASK_TOO_LARGE 422 final
SOURCE_NOT_FOUND 404 final
OBJECT_NOT_FOUND 404 final
NOT_PUBLISHED 404 final
RUN_NOT_FOUND 404 final
MODEL_NOT_FOUND 404 final
CONTRACT_NOT_FOUND 404 final
NO_PRODUCTION_MODEL 409 final
BUNDLE_REJECTED 409 final
CONTRACT_MISMATCH 409 final
PUBLISH_CONFLICT 409 final
RUN_NOT_RETRYABLE 409 final
STORE_UNAVAILABLE 503 retry
DOCUMENTS_UNAVAILABLE 503 retry
REGISTRY_UNAVAILABLE 503 retry
ENGINE_UNAVAILABLE 503 retry
DISK_UNAVAILABLE 503 final
REQUEST_INVALID 422 final
SOURCE_NOT_ALLOWED 403 final
IDEMPOTENCY_KEY_REUSED 422 final
TRAINING_RUNNING 409 retry
RUN_NOT_CANCELLABLE 409 final
NOT_REMOVABLE 409 final
NOT_AUTHENTICATED 401 final
NOT_ALLOWED 403 final
TOO_MANY_REQUESTS 429 retry
TOO_LARGE 413 final
NOT_A_BATCH 415 final
UPLOAD_CONFLICT 409 final
WAFER_AMBIGUOUS 409 final
PACKAGE_NOT_FOUND 503 final
BACKEND_UNAVAILABLE 503 retry
PRODUCTION_CHANGED 409 final
NOT_WAITING 409 final
LEDGER_UNAVAILABLE 503 retry
WAFERS_REFUSED 422 final
"""


def test_every_code_keeps_its_status_and_its_advice() -> None:
    found = {
        f"{code} {each.http_status} {'retry' if each.retry_helps else 'final'}"
        for code, each in error_classes().items()
    }

    assert found == set(TABLE.strip().splitlines())


def test_every_error_of_ours_ends_a_command_with_1() -> None:
    assert {each.exit_code for each in error_classes().values()} == {1}


def test_a_code_from_a_record_finds_its_class() -> None:
    assert error_class("STORE_UNAVAILABLE").retry_helps
    assert error_class("A_CODE_OF_ANOTHER_VERSION") is WaferError


@pytest.mark.parametrize("module", [wafer.errors, application.errors])
def test_the_tree_of_the_docstring_shows_every_class(module: object) -> None:
    raised = dict(re.findall(r"x (\w+) .*?([A-Z_]{6,})", str(module.__doc__)))
    defined = {
        each.__name__: code
        for code, each in error_classes().items()
        if each.__module__ == vars(module)["__name__"] and each is not WaferError
    }

    assert raised == defined
