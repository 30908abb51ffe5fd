"""What is wrong with the way to a cloud is named at once, and no secret with it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from wafer.documents.mongodb import MongoDocuments
from wafer.errors import DocumentsUnavailable, StoreUnavailable
from wafer.patience import TASK
from wafer.store import open_store
from wafer.store.s3 import S3Store

SECRET = "a-very-secret-key"
AT_ONCE = 10  # seconds; a call that is repeated takes a minute
SKEWED = "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
PAGE = "<!DOCTYPE html><html><head><title>Console</title></head><body><br>Sign in</body></html>"
Set = Callable[..., None]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Settings of AWS, named without their first word."""
    for name in ("ROLE_ARN", "WEB_IDENTITY_TOKEN_FILE", "SESSION_TOKEN", "REGION", "CA_BUNDLE", "PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def given(**settings: str) -> None:
        for name, value in {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": SECRET, **settings}.items():
            monkeypatch.setenv(f"AWS_{name}", value)

    return given


@contextmanager
def answering(status: int, body: str, media_type: str) -> Iterator[str]:
    """A server that has one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def refusal() -> str:
    """What a look into the store says, which has to come at once."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        open_store("s3://bucket/prefix").keys("raw")
    assert time.monotonic() - began < AT_ONCE
    assert SECRET not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ((200, PAGE, "text/html"), "a web page"),
        ((404, PAGE, "text/html; charset=utf-8"), "a web page"),
        ((403, PAGE, "text/html"), "a web page"),
        ((403, SKEWED, "application/xml"), "The clock of this machine"),
    ],
    ids=["page", "missing page", "sign-in page", "clock"],
)
def test_what_is_no_s3_and_a_wrong_clock_are_named_at_once(aws: Set, answer: tuple[int, str, str], named: str) -> None:
    with answering(*answer) as endpoint:
        aws(ENDPOINT_URL=endpoint, REGION="eu-central-1")

        assert named in refusal()


@pytest.mark.parametrize("name", ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"])
@pytest.mark.parametrize("end", ["\n", "\r", " "], ids=["line end", "carriage return", "blank"])
def test_a_line_end_in_a_key_is_named_without_the_key(aws: Set, name: str, end: str) -> None:
    aws(REGION="eu-central-1", **{name: SECRET + end})

    assert f"AWS_{name} begins or ends" in refusal()


def test_a_missing_web_identity_token_is_named(aws: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws(REGION="eu-central-1", ROLE_ARN="arn:aws:iam::1:role/wafer", WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert "AWS_WEB_IDENTITY_TOKEN_FILE" in refusal()


def test_a_missing_ca_bundle_is_named(aws: Set, tmp_path: Path) -> None:
    aws(REGION="eu-central-1", CA_BUNDLE=str(tmp_path / "ca.pem"))

    assert "AWS_CA_BUNDLE" in refusal()


def test_aws_region_means_the_region_for_s3_too(aws: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws(REGION="eu-central-1")

    assert S3Store.at("s3://bucket")._client.meta.region_name == "eu-central-1"


def test_a_name_that_is_not_found_is_waited_for_as_any_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def lookup(resolver: object, name: str, *_: object, **__: object) -> object:
        asked.append(json.dumps(str(name)))
        from dns.resolver import NXDOMAIN

        raise NXDOMAIN

    monkeypatch.setattr("dns.resolver.Resolver.resolve", lookup)
    uri = f"mongodb+srv://anna:{SECRET}@cluster.invalid/lab"

    with pytest.raises(DocumentsUnavailable, match=r"cluster\.invalid") as caught:
        MongoDocuments(uri, patience=replace(TASK, repeat=0.5))

    assert len(asked) > 1
    assert "not a usable address" not in caught.value.message
    assert SECRET not in caught.value.message
