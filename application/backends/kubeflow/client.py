"""`kfp.Client` with a patience that holds: the calls of one question share one deadline, and none is repeated.

By itself the client waits for ever, and urllib3 below it repeats a call that timed out three times, so a timeout a
call multiplies. The generated `rest.py` hands `Configuration.retries` to urllib3, which `kfp.Client` (2.17) leaves out.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from kfp import Client
from kfp.client.set_volume_credentials import ServiceAccountTokenVolumeCredentials
from kfp_server_api import ApiException  # type: ignore[import-untyped]
from kfp_server_api.rest import RESTClientObject  # type: ignore[import-untyped]
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from application.errors import BackendUnavailable
from wafer.errors import RunNotFound

_END: ContextVar[float] = ContextVar("end of the current question")


class _Rest(RESTClientObject):  # type: ignore[misc]  # generated without types
    """Gives every call what is left of the question's time."""

    def request(self, method: str, url: str, **given: Any) -> Any:  # noqa: ANN401 - as generated
        left = _END.get() - time.monotonic()
        if left <= 0:
            raise TimeoutError
        # Whole seconds, because the client drops any other number without a word.
        return super().request(method, url, **{**given, "_request_timeout": math.ceil(left)})


def connect(endpoint: str, namespace: str | None, token: Path) -> Client:
    """A client of the server at an endpoint, which it does not ask yet; its calls belong into `answering`."""
    credentials = ServiceAccountTokenVolumeCredentials(str(token)) if token.is_file() else None
    # Any other namespace than its default keeps the client from asking the server before anybody called it.
    client = Client(endpoint, namespace=namespace or "default", credentials=credentials)
    api = client.runs.api_client  # all services of a client share it
    api.configuration.retries = Retry(total=None, connect=0, read=0, status=0, other=0, redirect=2)
    api.rest_client = _Rest(api.configuration)
    return client


@contextmanager
def answering(endpoint: str, seconds: float, run_id: str = "") -> Iterator[None]:
    """Ask a question of one or more calls in this time. Raises `BackendUnavailable`, and `RunNotFound` for `run_id`."""
    before = _END.set(time.monotonic() + seconds)
    try:
        yield
    except ApiException as error:
        if error.status == 404 and run_id:
            raise RunNotFound(f"Kubeflow knows no run {run_id}; it was deleted there.") from error
        raise BackendUnavailable(
            f"Kubeflow at {endpoint} answered {error.status} {error.reason}. Check that it runs and "
            "that this service may use it, then try again."
        ) from error
    except (HTTPError, OSError) as error:
        raise BackendUnavailable(
            f"Kubeflow at {endpoint} does not answer. Check that it runs and that KFP_ENDPOINT names it, "
            "then try again."
        ) from error
    finally:
        _END.reset(before)
