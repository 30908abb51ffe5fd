"""What changes a whole process, for all code in it: made here and nowhere else, and called by entry points only."""

import atexit
import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

_MLFLOW = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # by itself it tells every table that it makes
}


def restrain_mlflow() -> None:
    """Let MLflow load no pickle, report to nobody and log little; it looks at that when it is imported."""
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    for name, value in _MLFLOW.items():
        os.environ.setdefault(name, value)


def spare_the_collector() -> None:
    """Let the garbage collector pass over what imports make: with mlflow it takes a quarter of a small stage's time."""
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for as long as the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def take_environment(values: Mapping[str, str]) -> None:
    """Take on environment variables for good, as the process of one task."""
    os.environ.update(values)


def end_at_once(code: int) -> NoReturn:
    """End without tearing down what was imported, which takes half a second."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
