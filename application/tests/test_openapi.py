"""The interface is what it says: generated requests to every route get described responses, and never a 5xx."""

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from application.api.app import ROUTERS
from application.api.openapi import roles_of
from application.tests.serving import Service, open_service

pytestmark = [pytest.mark.xdist_group("openapi"), pytest.mark.slow]
EXAMPLES = 25 if os.environ.get("WAFER_REQUIRE") == "all" else 8  # of each kind for each operation
OPERATIONS = sorted(roles_of(ROUTERS))
NOTHING_TO_SEND = {"/healthz", "/readyz"}  # so nothing wrong can be sent either
KNOWN = {"run_id": "", "version": 2, "name": "report.html", "sensor": "Sensor - 1", "wafer": "W-1"}  # a run is made
CASES_OF: dict[str, Callable[[str], bool]] = {
    "known": lambda path: any(f"{{{name}}}" in path for name in KNOWN),  # a path without them is asked the same again
    "positive": lambda path: True,
    "negative": lambda path: path not in NOTHING_TO_SEND,
}
KINDS = [(path, method, kind) for path, method in OPERATIONS for kind, has in CASES_OF.items() if has(path)]
LEAST_CASES = 1000
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
Case = Any  # a generic class without a usable parameter
modest = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@dataclass
class Described:
    """A service whose runs end at once, its description, and ids that exist."""

    service: Service
    schema: Any
    known: dict[str, Any]
    asked: int = 0
    kinds: int = 0

    def ask(self, case: Case) -> None:
        self.asked += 1
        self.service.parts.runs.tick()
        response = case.call(headers={"Authorization": f"Bearer {self.service.key('admin')}"}, timeout=20)
        assert response.status_code < 500
        raw = case.media_type == "text/csv"  # any bytes are such a body: none of a wrong type can be sent
        refused = raw or response.status_code == 413  # a refusal too, which schemathesis does not count as one
        case.validate_response(
            response, checks=[each for each in CHECKS if not (refused and each is negative_data_rejection)]
        )


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    with open_service(tmp_path_factory.mktemp("described"), WAFER_MAX_RUNS=100) as service:
        service.backend.succeed_at_once = True
        with service.client() as client:
            source = service.batches("raw/predict/lot-1")
            run_id = client.post("/predict", json={"source": source}).json()["run_id"]
            client.post("/train", json={"source": service.batches("raw/train/lot-1")})
        service.parts.runs.tick()
        known = {**KNOWN, "run_id": run_id}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = Described(service, schemathesis.openapi.from_url(f"{service.url}/openapi.json"), known)
        yield made
        everything = made.kinds == len(KINDS)  # a part was chosen, or another process asked the rest
        assert not everything or made.asked >= LEAST_CASES, f"only {made.asked} cases"


@pytest.mark.parametrize(("path", "method", "kind"), KINDS)
def test_any_request_gets_a_described_response(described: Described, path: str, method: str, kind: str) -> None:
    described.kinds += 1
    mode = GenerationMode.NEGATIVE if kind == "negative" else GenerationMode.POSITIVE
    operation = described.schema[path][method]
    known = {name: value for name, value in described.known.items() if f"{{{name}}}" in path and kind == "known"}
    strategy = operation.as_strategy(mode, path_parameters=known or None)

    @modest
    @given(case=strategy)
    def ask(case: Case) -> None:
        described.ask(case)

    ask()


def test_the_description_names_the_role_and_the_problems_of_every_guarded_route(described: Described) -> None:
    with described.service.client(None) as nobody:
        paths = nobody.get("/openapi.json").json()["paths"]

    for (path, method), role in roles_of(ROUTERS).items():
        operation = paths[path][method.lower()]
        assert operation.get("x-role") == role
        assert bool(operation.get("security")) == bool(role)
        assert operation["summary"]
        assert operation["description"]
        if role:
            assert {"401", "403", "429", "503"} <= set(operation["responses"])


def test_the_description_has_examples_of_what_to_send_and_what_comes(described: Described) -> None:
    with described.service.client(None) as nobody:
        schemas = nobody.get("/openapi.json").json()["components"]["schemas"]

    assert schemas["TrainRequest"]["examples"]
    assert schemas["PredictRequest"]["examples"]
    assert schemas["RunSummary"]["properties"]["run_id"]["examples"]
    assert schemas["Problem"]["properties"]["code"]["examples"]
