"""Paths, keys and addresses that try to reach outside: every one is refused, and nothing outside is read or written."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from application.api.sources import Sources
from application.errors import SourceNotAllowed
from application.tests.serving import MakeService, Service
from wafer.store import Store, open_store

SOURCES = [
    "/etc",
    "/",
    ".",
    "..",
    "../..",
    "raw",
    "raw/",
    "raw/train/..",
    "raw/train/../..",
    "raw/train/../../training",
    "raw/train/lot-1/../../../training",
    "raw/train//lot-1",
    "/raw/train/lot-1",
    "raw/train/./lot-1",
    "raw/train/%2e%2e/training",
    "raw/train/..%2f..%2ftraining",
    "raw/train/lot-1\\..\\..",
    "raw\\train\\lot-1",
    "raw/train/lot-1\0",
    "raw/train/lot-1\n",
    "raw/train/lot-1?x=1",
    "raw/train/lot-1#x",
    "raw/train/*",
    "raw/train/~root",
    "~/.ssh",
    "raw/train/.hidden",
    "raw/train/ lot-1",
    "raw/trainer/lot-1",
    "training/some-run",
    "kfp/some-run",
    "file:///etc",
    "file://raw/train/lot-1",
    "http://169.254.169.254/latest/meta-data",
    "https://evil.example/raw/train",
    "s3://another-bucket/raw/train/lot-1",
    "s3://",
    "S3://bucket/raw/train",
    "gs://bucket/raw/train",
    "s3://bucket@evil/raw/train",
    "ftp://127.0.0.1/",
    "raw/train/lot-1,s3://another-bucket/x",
    "$HOME",
    "$(id)",
    "raw/train/\u2025/lot",
    "raw/train/\uff0e\uff0e/lot",
    "raw/train/" + "a/" * 600,
    "raw/train/" + "a" * 300,
    " raw/train/lot-1",
]
PATHS = [
    "/runs/../../etc/passwd",
    "/runs/%2e%2e",
    "/runs/..%2f..%2fetc",
    "/runs/.hidden",
    "/runs/a%00b",
    "/runs/a%2fb",
    "/runs/a%5cb",
    "/runs/" + "a" * 300,
    "/runs/%ff%fe",
    "/runs/no-run/outputs/../../../etc/passwd",
    "/runs/{run}/outputs/..%2f..%2f..%2fledger.sqlite",
    "/runs/{run}/outputs/%2fetc%2fpasswd",
    "/runs/{run}/outputs/_SUCCESS.json",
    "/runs/{run}/outputs/report.html%00.csv",
    "/runs/{run}/outputs/../refused/bad.csv/..",
    "/runs/{run}/refused/..%2f{run}%2fbad.csv",
    "/runs/{run}/refused/_SUCCESS.json",
    "/models/0",
    "/models/-1",
    "/models/1e9",
    "/models/99999999999999999999",
    "/models/1/sensors/..%2f..%2fbundle.json",
    "//etc/passwd",
    "/static/../keys.json",
    "/keys.json",
]
UPLOADS = [
    "/uploads/train/../x.csv",
    "/uploads/train/lot/..%2f..%2f..%2fkeys.json",
    "/uploads/train/..%2f..%2ftraining/x.csv",
    "/uploads/train/.hidden/x.csv",
    "/uploads/train/lot/.hidden",
    "/uploads/train/lot/_SUCCESS.json",
    "/uploads/train/lot/a%00.csv",
    "/uploads/train/lot/a%0a.csv",
    "/uploads/train/lot/a%5cb.csv",
    "/uploads/train/lot/C:a.csv",
    "/uploads/train/lot%20x/a.csv",
    "/uploads/other/lot/a.csv",
    "/uploads/train/" + "a" * 100 + "/a.csv",
    "/uploads/train/lot/" + "a" * 300,
    "/uploads/train/lot/%2e%2e",
    "/uploads/train/lot/a.csv/b",
    "/uploads/train/lot/",
    "/uploads/train/lot/%252e%252e",
]


@pytest.fixture(scope="module")
def predicted(shared_service: Service) -> str:
    """A run with results, next to batches that a trick could reach."""
    shared_service.batches("raw/train/lot-1")
    shared_service.store.put("training/some-run/secret.csv", b"x")
    with shared_service.client() as client:
        run_id = client.post("/predict", json={"source": shared_service.batches("raw/predict/lot-1")}).json()["run_id"]
    shared_service.backend.succeed(run_id)
    shared_service.parts.runs.tick()
    shared_service.backend.started.clear()
    return str(run_id)


@pytest.fixture
def service(shared_service: Service, predicted: str) -> Service:
    assert predicted
    return shared_service


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_outside_the_configured_ones_is_refused(service: Service, source: str) -> None:
    with service.client() as client:
        answer = client.post("/train", content=json.dumps({"source": source}), headers={"Content-Type": "a/json"})
        as_file = client.post("/train", json={"source": "raw/train/lot-1", "schema": f"{source}/../x.json"})

    assert 400 <= answer.status_code < 500
    assert 400 <= as_file.status_code < 500
    assert service.backend.started == []


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_leads_elsewhere_is_refused(service: Service, predicted: str, path: str) -> None:
    assert 400 <= as_written(service, "GET", path.replace("{run}", predicted)) < 500


@pytest.mark.parametrize("path", UPLOADS)
def test_an_upload_that_would_land_elsewhere_is_refused(service: Service, path: str) -> None:
    service.key("admin")
    before = sorted(service.home.rglob("*"))

    assert 400 <= as_written(service, "PUT", path) < 500
    assert sorted(service.home.rglob("*")) == before


def as_written(service: Service, method: str, path: str) -> int:
    """Ask for a path exactly as it is written: clients tidy paths up before they send them."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {service.key('admin')}"}
    connection.request(method, path, b"x" if method == "PUT" else None, headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Idempotency-Key", "a" * 129),
        ("Idempotency-Key", "a b"),
        ("Idempotency-Key", "\u00e4"),
        ("Authorization", "Bearer"),
        ("Authorization", "Bearer \u00e4\u00f6"),
        ("Cookie", "wafer_session=" + "a" * 5000),
        ("Content-Type", "text/plain"),
    ],
)
def test_a_header_that_cannot_be_is_refused(service: Service, header: str, value: str) -> None:
    body = {"source": service.batches()}

    with service.client() as client:
        headers = {**client.headers, header: value}
        if header == "Cookie":
            del client.headers["authorization"]
            del headers["authorization"]
        sent = {name.encode(): text.encode("latin-1") for name, text in headers.items()}
        answer = client.post("/train", content=json.dumps(body), headers=sent)

    assert 400 <= answer.status_code < 500
    assert service.backend.started == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"source": "raw/train/lot-1", "seed": NaN}',
        b'{"source": "raw/train/lot-1", "false_alarm_budget": Infinity}',
        b'{"source": "raw/train/lot-1", "false_alarm_budget": 1e400}',
        b'{"source": "raw/train/lot-1", "seed": 1e100}',
        b'{"source": "raw/train/lot-1", "seed": "7; rm"}',
        b'{"source": "raw/train/lot-1", "run_id": "mine"}',
        b'{"source": ["raw/train/lot-1"]}',
        b'{"source": "raw/train/lot-1\\ud800"}',
        b'{"source": "\xff"}',
        b"\xff\xfe{\x00}\x00",
        b"[" * 5000,
    ],
)
def test_a_body_that_cannot_be_is_refused(service: Service, body: bytes) -> None:
    service.batches()

    with service.client() as client:
        answer = client.post("/train", content=body, headers={"Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert service.backend.started == []


def test_sources_below_a_configured_root_are_used_and_links_out_of_it_are_not(
    make_service: MakeService, tmp_path: Path
) -> None:
    drops, outside = tmp_path / "drops", tmp_path / "outside"
    for folder in (drops / "line 1" / "week+12", outside):
        folder.mkdir(parents=True)
        (folder / "wafer_01032021_041011.csv").write_text("x")
    (drops / "link").symlink_to(outside)
    service = make_service(WAFER_SOURCES=f"{drops}/, s3://fab-drops/line1")

    with service.client() as client:
        inside = client.post("/predict", json={"source": f"{drops}/line 1/week+12"})
        linked = client.post("/predict", json={"source": f"{drops}/link"})
        sibling = client.post("/predict", json={"source": f"{drops}x"})
        named = client.get("/sources", params={"pipeline": "train"}).json()["configured"]

    assert [inside.status_code, linked.status_code, sibling.status_code] == [202, 403, 403]
    assert named == [str(drops), "s3://fab-drops/line1"]


def test_a_configured_bucket_is_reached_at_its_prefix_only(tmp_path: Path) -> None:
    store: Store = open_store(str(tmp_path))
    sources = Sources(store, ["s3://fab-drops/line1"])

    assert sources.batches("s3://fab-drops/line1/week-12") == "s3://fab-drops/line1/week-12"
    for outside in ("s3://fab-drops", "s3://fab-drops/line10", "s3://fab-drops/line1/../line2", "s3://fab-drops/line2"):
        with pytest.raises(SourceNotAllowed):
            sources.batches(outside)
