"""Keys, sessions, the link, and how often anybody may ask."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from application.access.gate import Limiters
from application.access.keys import Keys
from application.access.limits import CALLERS_KEPT, Limiter, Rate
from application.access.roles import Caller
from application.access.sessions import Link, Sessions, session_secret
from application.errors import NotAuthenticated, RequestInvalid, TooManyRequests
from application.tests.serving import MakeService, Service


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.json")


def test_a_key_opens_and_only_its_hash_is_kept(keys: Keys, tmp_path: Path) -> None:
    text = keys.add("line-3", "operator")

    kept = (tmp_path / "keys.json").read_text()
    assert keys.caller(text) == Caller("line-3", "operator", keys.all()[0].id)
    assert text.split("_", 2)[2] not in kept
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_key_made_by_another_process_is_known_at_once_and_a_revoked_one_is_not(keys: Keys, tmp_path: Path) -> None:
    text = Keys(tmp_path / "keys.json").add("a", "viewer")
    before = keys.caller(text)
    Keys(tmp_path / "keys.json").revoke("a")

    assert before.role == "viewer"
    with pytest.raises(NotAuthenticated):
        keys.caller(text)


def test_an_expired_key_does_not_open(keys: Keys) -> None:
    text = keys.add("a", "admin", lifetime=timedelta(seconds=-1))

    with pytest.raises(NotAuthenticated, match="expired"):
        keys.caller(text)


def test_a_wrong_key_does_not_open(keys: Keys) -> None:
    text = keys.add("a", "admin")
    key_id = text.split("_")[1]

    for wrong in (
        "",
        "wafer",
        "wafer__",
        text[:-1],
        f"{text}x",
        f"wafer_{key_id}_",
        f"wafer_{key_id}_ÄÖ",
        "\udcff" * 9,
    ):
        with pytest.raises(NotAuthenticated):
            keys.caller(wrong)


def test_a_name_is_taken_once_and_unknown_names_cannot_be_revoked(keys: Keys) -> None:
    keys.add("a", "admin")

    with pytest.raises(RequestInvalid):
        keys.add("a", "viewer")
    with pytest.raises(RequestInvalid):
        keys.revoke("b")


def test_a_session_survives_a_restart_and_ends_with_its_key(keys: Keys, tmp_path: Path) -> None:
    caller = keys.caller(keys.add("a", "operator"))
    cookie = Sessions(session_secret(tmp_path / "secret"), keys, local=False).begin(caller)
    restarted = Sessions(session_secret(tmp_path / "secret"), keys, local=False)

    before = restarted.caller(cookie)
    keys.revoke("a")

    assert before == caller
    with pytest.raises(NotAuthenticated):
        restarted.caller(cookie)


def test_a_forged_session_is_refused(keys: Keys) -> None:
    sessions = Sessions(b"secret", keys, local=True)
    body, _, signature = sessions.begin(Caller("local", "admin")).rpartition(".")
    foreign = Sessions(b"another", keys, local=True).begin(Caller("local", "admin"))

    for forged in ("", ".", body, f"{body}x.{signature}", f"{body}.{signature[:-1]}0g", foreign, "ÄÖ.ÜÜ"):
        with pytest.raises(NotAuthenticated):
            sessions.caller(forged)


def test_a_session_ends_after_its_lifetime(keys: Keys) -> None:
    now = [1_000_000.0]
    sessions = Sessions(b"secret", keys, local=True, clock=lambda: now[0])
    cookie = sessions.begin(Caller("local", "admin"))

    now[0] += 7 * 24 * 3600 - 1
    before = sessions.caller(cookie)
    now[0] += 1

    assert before.role == "admin"
    with pytest.raises(NotAuthenticated, match="expired"):
        sessions.caller(cookie)


def test_two_sessions_of_one_caller_share_neither_cookie_nor_token(keys: Keys) -> None:
    sessions = Sessions(b"secret", keys, local=True, clock=lambda: 1_000_000.0)
    cookies = {sessions.begin(Caller("local", "admin")) for _ in range(2)}

    assert len(cookies) == len({sessions.csrf(cookie) for cookie in cookies}) == 2


def test_a_session_without_a_key_ends_when_keys_are_configured(keys: Keys) -> None:
    cookie = Sessions(b"secret", keys, local=True).begin(Caller("local", "admin"))

    assert Sessions(b"secret", keys, local=True).caller(cookie).role == "admin"
    with pytest.raises(NotAuthenticated):
        Sessions(b"secret", keys, local=False).caller(cookie)


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = session_secret(tmp_path / "home" / "secret")

    assert session_secret(tmp_path / "home" / "secret") == first
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600


def test_the_link_works_once() -> None:
    link = Link()

    with pytest.raises(NotAuthenticated):
        link.use("wrong")
    assert link.use(link.token).role == "admin"
    with pytest.raises(NotAuthenticated):
        link.use(link.token)


def test_a_bucket_empties_and_fills_again() -> None:
    now = [0.0]
    limiter = Limiter(Rate(burst=2, per_second=0.5), clock=lambda: now[0])

    limiter.take("a")
    limiter.take("a")
    with pytest.raises(TooManyRequests) as refused:
        limiter.take("a")
    limiter.take("b")
    now[0] = 2.0
    limiter.take("a")

    assert refused.value.retry_after == 2.0


def test_a_limiter_forgets_the_longest_silent_and_stays_small() -> None:
    limiter = Limiter(Rate(burst=1, per_second=0.001), clock=lambda: 0.0)

    for number in range(CALLERS_KEPT + 1):
        limiter.take(str(number))

    limiter.take("0")
    with pytest.raises(TooManyRequests):
        limiter.take(str(CALLERS_KEPT))


def test_the_link_signs_a_browser_in_once(make_service: MakeService) -> None:
    service = make_service(link=True)
    assert service.link

    with service.client(None) as browser:
        first = browser.get("/login", params={"token": service.link.token})
        signed_in = browser.get("/session").json()
        second = httpx.get(f"{service.url}/login", params={"token": service.link.token})
        shown = httpx.get(second.request.url, headers={"Accept": "text/html"})

    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (signed_in["name"], signed_in["role"]) == ("local", "admin")
    assert second.status_code == 401
    assert (shown.status_code, shown.headers["location"]) == (303, "/?link=used")
    assert "set-cookie" not in shown.headers


@pytest.mark.parametrize("link", [False, True])
def test_a_wrong_key_is_called_a_key_and_a_wrong_link_a_link(make_service: MakeService, link: bool) -> None:
    service = make_service(link=link)

    with service.client(None) as nobody:
        by_key = nobody.post("/session", json={"key": "mistyped"})
        by_link = nobody.get("/login", params={"token": "mistyped"})

    assert (by_key.status_code, by_link.status_code) == (401, 401)
    assert by_key.json()["detail"].startswith("This API key is unknown")
    assert "link" in by_link.json()["detail"]


def sign_in(service: Service, browser: httpx.Client) -> str:
    answer = browser.post("/session", json={"key": service.key("admin")})
    return str(answer.json()["csrf"])


def test_a_change_by_cookie_needs_the_pages_token(service: Service) -> None:
    body = {"source": service.batches()}

    with service.client(None) as browser:
        csrf = sign_in(service, browser)
        without = browser.post("/train", json=body)
        wrong = browser.post("/train", json=body, headers={"X-CSRF-Token": csrf[:-1]})
        foreign = browser.post("/train", json=body, headers={"X-CSRF-Token": csrf, "Origin": "https://evil.example"})
        right = browser.post("/train", json=body, headers={"X-CSRF-Token": csrf, "Origin": service.url})

    assert [without.status_code, wrong.status_code, foreign.status_code, right.status_code] == [403, 403, 403, 202]


def test_signing_out_forgets_the_cookie(service: Service) -> None:
    with service.client(None) as browser:
        csrf = sign_in(service, browser)
        out = browser.delete("/session", headers={"X-CSRF-Token": csrf})
        after = browser.get("/runs")

    assert (out.status_code, after.status_code) == (204, 401)


def test_a_session_of_a_viewer_changes_nothing(service: Service) -> None:
    with service.client(None) as browser:
        csrf = browser.post("/session", json={"key": service.key("viewer")}).json()["csrf"]
        reads = browser.get("/runs")
        changes = browser.post("/train", json={"source": service.batches()}, headers={"X-CSRF-Token": csrf})

    assert (reads.status_code, changes.status_code) == (200, 403)


def test_who_asks_too_often_is_told_when_to_come_back(make_service: MakeService) -> None:
    tight = Limiters(Limiter(Rate(3, 0.01)), Limiter(Rate(1, 0.01)), Limiter(Rate(2, 0.01)))
    service = make_service(limiters=tight)

    with service.client() as client, service.client(None) as nobody:
        reads = [client.get("/runs").status_code for _ in range(5)]
        guesses = [nobody.post("/session", json={"key": "wafer_0_0"}) for _ in range(4)]
        healthy = client.get("/healthz").status_code

    assert reads == [200, 200, 200, 429, 429]
    assert [guess.status_code for guess in guesses] == [401, 401, 429, 429]
    assert int(guesses[-1].headers["Retry-After"]) > 0
    assert healthy == 200


def test_another_host_name_is_not_served_so_no_foreign_page_can_rebind_it(service: Service) -> None:
    with service.client() as client:
        foreign = [
            client.get("/runs", headers={"Host": host})
            for host in ("evil.example", "127.0.0.1.evil.example", "", "[::1")
        ]
        own = client.get("/runs", headers={"Host": "127.0.0.1:80"})

    assert {answer.status_code for answer in foreign} == {400}
    assert {answer.headers["content-type"] for answer in foreign} == {"application/problem+json"}
    assert all(len(answer.headers["X-Request-ID"]) == 16 for answer in foreign)
    assert foreign[0].json()["request_id"] == foreign[0].headers["X-Request-ID"]
    assert own.status_code == 200


def test_a_load_balancer_may_ask_for_health_by_the_pods_address_and_for_nothing_else(service: Service) -> None:
    with service.client(None) as client:
        asked = [client.get(path, headers={"Host": "10.20.1.7:8000"}).status_code for path in ("/healthz", "/readyz")]

    assert asked == [200, 400]


def test_every_response_carries_the_security_headers(service: Service) -> None:
    with service.client() as client, service.client(None) as nobody:
        answers = [client.get("/runs"), nobody.get("/runs"), nobody.get("/nowhere"), client.get("/runs/none/report")]

    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(answer.headers["X-Request-ID"]) == 16


def test_every_change_leaves_an_audit_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        client.post(f"/runs/{run_id}/cancel")
        client.post(f"/runs/{run_id}/retry")
        client.put("/uploads/predict/lot/wafer.csv", content=b"x")
        client.post("/models/1/promote")
        client.post("/models/rollback")
        client.get("/runs")

    lines = [line for line in capsys.readouterr().out.splitlines() if " audit " in line]
    actions = [line.split("action=")[1].split()[0] for line in lines]
    assert actions == ["run.train", "run.cancel", "run.retry", "upload", "model.promote", "model.rollback"]
    assert all("by=admin" in line and "request_id=" in line for line in lines)


def test_keys_are_read_from_a_file_that_names_nothing_else(keys: Keys, tmp_path: Path) -> None:
    keys.add("a", "admin")

    (record,) = json.loads((tmp_path / "keys.json").read_text())["keys"]

    assert set(record) == {"id", "name", "role", "sha256", "created", "expires"}


def test_who_signed_out_of_the_local_session_gets_a_new_link(make_service: MakeService) -> None:
    service = make_service(link=True)
    assert service.link
    told: list[str] = []
    service.link.tell = told.append
    with httpx.Client(base_url=service.url, verify=False, follow_redirects=False) as browser:
        first = service.link.token
        browser.get("/login", params={"token": first})
        csrf = browser.get("/session").json()["csrf"]

        browser.delete("/session", headers={"X-CSRF-Token": csrf})

        assert browser.get("/session").status_code == 401
        assert browser.get("/login", params={"token": first}).status_code == 401
        browser.get("/login", params={"token": told[0]})
        assert browser.get("/session").json()["name"] == "local"
