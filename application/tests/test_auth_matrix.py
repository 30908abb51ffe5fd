"""Every route against every kind of caller: what nobody may, a viewer may, an operator may, an admin may."""

import pytest

from application.access.roles import ROLES, Role, reaches
from application.api.app import ROUTERS
from application.api.openapi import roles_of
from application.tests.serving import Service, expired

EXPECTED: dict[tuple[str, str], Role | None] = {
    ("/train", "POST"): "operator",
    ("/predict", "POST"): "operator",
    ("/outcomes", "POST"): "operator",
    ("/runs", "GET"): "viewer",
    ("/runs/compare", "GET"): "viewer",
    ("/runs/{run_id}", "GET"): "viewer",
    ("/runs/{run_id}/events", "GET"): "viewer",
    ("/runs/{run_id}/log", "GET"): "operator",
    ("/runs/{run_id}", "DELETE"): "admin",
    ("/uploads/{pipeline}/{batch_set}", "DELETE"): "admin",
    ("/removals", "GET"): "viewer",
    ("/runs/{run_id}/cancel", "POST"): "operator",
    ("/runs/{run_id}/retry", "POST"): "operator",
    ("/runs/{run_id}/predictions", "GET"): "viewer",
    ("/runs/{run_id}/predictions.csv", "GET"): "viewer",
    ("/runs/{run_id}/export", "GET"): "viewer",
    ("/runs/{run_id}/budgets", "GET"): "viewer",
    ("/runs/{run_id}/wafers/{wafer}/explanation", "GET"): "viewer",
    ("/runs/{run_id}/wafers/{wafer}/batch", "GET"): "viewer",
    ("/runs/{run_id}/wafers/{wafer}/elsewhere", "GET"): "viewer",
    ("/runs/{run_id}/wafers/{wafer}/disposition", "GET"): "viewer",
    ("/runs/{run_id}/wafers/{wafer}/disposition", "POST"): "operator",
    ("/runs/{run_id}/report", "GET"): "viewer",
    ("/runs/{run_id}/manifest", "GET"): "viewer",
    ("/runs/{run_id}/outputs/{name}", "GET"): "viewer",
    ("/runs/{run_id}/refused/{name}", "GET"): "viewer",
    ("/sources", "GET"): "viewer",
    ("/uploads/{pipeline}/{batch_set}/{name}", "PUT"): "operator",
    ("/models", "GET"): "viewer",
    ("/models/{version}", "GET"): "viewer",
    ("/models/{version}/curves", "GET"): "viewer",
    ("/models/{version}/scorecard", "GET"): "viewer",
    ("/models/{version}/sensors/{sensor}", "GET"): "viewer",
    ("/models/{version}/promote", "POST"): "admin",
    ("/models/rollback", "POST"): "admin",
    ("/sensors", "GET"): "viewer",
    ("/sensors.csv", "GET"): "viewer",
    ("/runs/{run_id}/sensors", "GET"): "viewer",
    ("/runs/{run_id}/sensors.csv", "GET"): "viewer",
    ("/runs/{run_id}/sensors/{sensor}", "GET"): "viewer",
    ("/runs/{run_id}/sensors/{sensor}/readings.csv", "GET"): "viewer",
    ("/lots", "GET"): "viewer",
    ("/lots.csv", "GET"): "viewer",
    ("/lots/wafers", "GET"): "viewer",
    ("/lots/wafers.csv", "GET"): "viewer",
    ("/drift", "GET"): "viewer",
    ("/drift.csv", "GET"): "viewer",
    ("/contracts", "GET"): "viewer",
    ("/contracts/{name}", "GET"): "viewer",
    ("/contracts/{name}", "PUT"): "admin",
    ("/contracts/{name}", "DELETE"): "admin",
    ("/drift/lots", "GET"): "viewer",
    ("/retraining", "GET"): "viewer",
    ("/retraining", "POST"): "operator",
    ("/schedules", "GET"): "viewer",
    ("/schedules/{name}", "PUT"): "operator",
    ("/schedules/{name}", "DELETE"): "operator",
    ("/webhooks/test", "POST"): "admin",
    ("/models/{version}/decline", "POST"): "admin",
    ("/score", "GET"): "viewer",
    ("/score", "POST"): "operator",
    ("/session", "GET"): "viewer",
    ("/session", "DELETE"): "viewer",
    ("/session", "POST"): None,
    ("/login", "GET"): None,
    ("/healthz", "GET"): None,
    ("/readyz", "GET"): None,
    ("/metrics", "GET"): "viewer",
    ("/webhooks", "GET"): "viewer",
}
CALLERS = ("none", "bad", "expired", "basic", "forged cookie", *ROLES)


def test_every_route_is_in_the_table_and_needs_the_role_it_says() -> None:
    found = roles_of(ROUTERS)

    assert {(path, method): role for (path, method), role in found.items()} == EXPECTED


@pytest.fixture
def credentials(shared_service: Service) -> tuple[Service, dict[str, dict[str, str]]]:
    keys = {"bad": "wafer_00000000_nothing", "expired": expired(shared_service.keys)}
    keys.update({role: shared_service.key(role) for role in ROLES})
    return shared_service, {
        "none": {},
        "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "forged cookie": {"Cookie": "wafer_session=eyJrZXkiOiAiIn0.00"},
        **{name: {"Authorization": f"Bearer {text}"} for name, text in keys.items()},
    }


def test_every_route_lets_through_exactly_those_it_should(
    credentials: tuple[Service, dict[str, dict[str, str]]],
) -> None:
    service, headers = credentials
    wrong = []

    with service.client(None) as client:
        for (path, method), needed in EXPECTED.items():
            for caller in CALLERS:
                answer = client.request(method, _example(path), headers=headers[caller])
                refused = answer.status_code in {401, 403}
                if needed is None:
                    right = not refused or path == "/login"
                elif caller in ROLES:
                    right = refused is not reaches(caller, needed)
                    right = right and answer.status_code != 401
                else:
                    right = answer.status_code == 401
                if not right:
                    wrong.append((method, path, caller, answer.status_code))

    assert wrong == []


def test_a_refused_caller_learns_nothing_about_the_body_it_sent(shared_service: Service) -> None:
    with shared_service.client(None) as client:
        answers = [client.post("/train", content=body) for body in (b"", b"{", b"\xff", b'{"source": 1}')]

    assert {answer.status_code for answer in answers} == {401}
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers)


def _example(path: str) -> str:
    for name, value in {"run_id": "no-run", "pipeline": "train", "batch_set": "b"}.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{name}", "c").replace("{version}", "7").replace("{sensor}", "s")
