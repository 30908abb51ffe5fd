"""The service from Python: judge wafers at once, start runs, wait for them, read predictions."""

import json
import time
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

import urllib3

from application.api.shapes.predictions import PredictionPage
from application.api.shapes.runs import RunDetail
from application.api.shapes.scores import Reading, ScoreRequest, Scores, WaferReadings
from wafer.errors import WaferError
from wafer.runs import Pipeline

LOOK_SECONDS = 2.0
_RETRIES = urllib3.Retry(total=3, backoff_factor=0.5, status_forcelist=(429, 503), allowed_methods={"GET"})


class ServiceRefused(WaferError):
    """The service answered with a problem; `code` is the problem's, `status` that of HTTP."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code}, HTTP {status})")
        self.code, self.status = code, status  # type: ignore[misc] # of this answer, not of the class


class WaferClient:
    """Speaks to one service with one API key."""

    def __init__(self, url: str, key: str, timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(
            headers={"Authorization": f"Bearer {key}"}, timeout=timeout, retries=_RETRIES, maxsize=4
        )

    def score(
        self,
        wafers: Mapping[str, Mapping[str, Reading]],
        *,
        reasons: bool = False,
        threshold: Literal["", "fixed", "recent"] = "",
    ) -> Scores:
        """Judge up to 1,000 wafers at once: name -> sensor -> reading, None where there is none."""
        asked = [WaferReadings(wafer=name, readings=dict(readings)) for name, readings in wafers.items()]
        body = ScoreRequest(wafers=asked, reasons=reasons, false_alarm_budget=None, threshold=threshold)
        answer = self._answer("POST", "/score", body.model_dump_json().encode())
        return Scores.model_validate_json(answer.data)

    def start(self, pipeline: Pipeline, source: str, **parameters: object) -> RunDetail:
        """Start a run over a batch set, with the parameters of `POST /train`, `/predict` or `/outcomes`."""
        return RunDetail.model_validate(self._call("POST", f"/{pipeline}", {"source": source, **parameters}))

    def wait(self, run_id: str, seconds: float = 3600.0) -> RunDetail:
        """Wait until a run has ended. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while True:
            run = RunDetail.model_validate(self._call("GET", f"/runs/{quote(run_id)}"))
            if run.state not in ("queued", "running"):
                return run
            if time.monotonic() > end:
                raise TimeoutError(f"Run {run_id} is still {run.state} after {seconds:.0f} seconds.")
            time.sleep(LOOK_SECONDS)

    def predictions(self, run_id: str, limit: int = 100, offset: int = 0) -> PredictionPage:
        """The predicted wafers of a run, most suspicious first."""
        return PredictionPage.model_validate(
            self._call("GET", f"/runs/{quote(run_id)}/predictions?limit={limit}&offset={offset}")
        )

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401
        return self._answer(method, path, None if body is None else json.dumps(body).encode()).json()

    def _answer(self, method: str, path: str, body: bytes | None) -> urllib3.BaseHTTPResponse:
        headers = {**self._pool.headers, "Content-Type": "application/json"} if body else None
        answer = self._pool.request(method, self._url + path, body=body, headers=headers)
        if answer.status >= 400:
            content = answer.json()
            raise ServiceRefused(answer.status, content["code"], content["detail"])
        return answer
