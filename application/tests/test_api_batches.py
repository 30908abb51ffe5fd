"""Batches by upload: streamed, limited, never overwritten."""

import http.client
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from application.tests.serving import MakeService, Service
from wafer.contract import ContractFiles

MIB = 2**20


def test_an_uploaded_file_lies_in_its_batch_set_and_a_run_can_name_it(service: Service) -> None:
    content = b"x" * 5000

    with service.client("operator") as client:
        answer = client.put("/uploads/predict/lot-7/wafer_31012020_090817.csv", content=content)
        listed = client.get("/sources", params={"pipeline": "predict"}).json()
        started = client.post("/predict", json={"source": answer.json()["source"]})

    assert answer.status_code == 201
    assert service.store.get("raw/predict/lot-7/wafer_31012020_090817.csv") == content
    assert listed["sources"] == [
        {"source": "raw/predict/lot-7", "pipeline": "predict", "files": 1, "bytes": 5000, "contract": ""}
    ]
    assert started.status_code == 202


@pytest.mark.parametrize("uploaded", ["train", "predict", "outcomes"])
def test_one_upload_is_for_every_kind_of_run(service: Service, uploaded: str) -> None:
    with service.client("operator") as client:
        source = client.put(f"/uploads/{uploaded}/lot-7/wafer_31012020_090817.csv", content=b"x").json()["source"]
        service.batches("raw/predict/zzz")
        started = {to: client.post(f"/{to}", json={"source": source}).status_code for to in ("predict", "outcomes")}
        listed = [each["source"] for each in client.get("/sources?pipeline=predict").json()["sources"]]

    assert started == {"predict": 202, "outcomes": 202}
    assert set(listed) == {source, "raw/predict/zzz"}
    assert listed[0].startswith("raw/predict/")  # those uploaded for it stand first


def test_the_same_file_again_is_no_error_and_another_one_is_refused(service: Service) -> None:
    path = "/uploads/train/lot/wafer.csv"

    with service.client("operator") as client:
        answers = [client.put(path, content=content) for content in (b"one", b"one", b"two", b"three")]

    assert [answer.status_code for answer in answers] == [201, 200, 409, 409]
    assert service.store.get("raw/train/lot/wafer.csv") == b"one"


def test_a_batch_set_holds_only_so_many_files(make_service: MakeService) -> None:
    service = make_service(WAFER_UPLOAD_FILES=2)

    with service.client("operator") as client:
        answers = [client.put(f"/uploads/train/lot/{name}.csv", content=b"x") for name in "abca"]

    assert [answer.status_code for answer in answers] == [201, 201, 413, 200]


def test_any_readable_name_can_be_uploaded_so_that_the_contract_can_say_what_is_wrong_with_it(
    service: Service,
) -> None:
    with service.client("operator") as client:
        for name in ("Wafer 12 (copy).csv", "wafer_31012020_090817.CSV", "Messung Größe.csv", "notes.txt"):
            assert client.put(f"/uploads/train/lot/{quote(name)}", content=b"x").status_code == 201
            assert service.store.get(f"raw/train/lot/{name}") == b"x"


@pytest.mark.parametrize("declared", [False, True])
def test_a_body_of_200_mib_is_refused_early_and_leaves_nothing(make_service: MakeService, declared: bool) -> None:
    service = make_service(WAFER_UPLOAD_BYTES=4 * MIB)
    before = temporary_files()
    sent, status = stream(service, 200, declared=declared)

    assert status == 413
    assert sent < 32 * MIB
    assert service.store.keys("") == []
    assert temporary_files() == before


def temporary_files() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("wafer-upload-*")}


def stream(service: Service, mebibytes: int, *, declared: bool) -> tuple[int, int]:
    """Send so many mebibytes as one body until the server has answered; bytes sent, and the answer's status."""
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(mebibytes):
            sent += MIB
            yield b"\0" * MIB

    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {service.key('operator')}", "Content-Type": "text/csv"}
    if declared:
        headers["Content-Length"] = str(mebibytes * MIB)
    with suppress(BrokenPipeError, ConnectionResetError):  # answered and closed; the answer may still be there to read
        connection.request("PUT", "/uploads/train/lot/a.csv", chunks(), headers, encode_chunked=not declared)
    try:
        return sent, connection.getresponse().status
    except (ConnectionResetError, http.client.RemoteDisconnected):
        return sent, 413  # closed with our bytes unread, which drops the answer on the way; the promise is the rest
    finally:
        connection.close()


def test_a_json_body_beyond_the_limit_is_refused(make_service: MakeService) -> None:
    service = make_service(WAFER_BODY_BYTES=2048)

    with service.client() as client:
        declared = client.post("/train", json={"source": "x" * 4000})
        chunked = client.post(
            "/train", content=iter([b'{"source": "', b"x" * 4000]), headers={"Content-Type": "a/json"}
        )

    for answer in (declared, chunked):
        assert answer.status_code == 413
        assert answer.json()["code"] == "TOO_LARGE"


def test_an_upload_that_breaks_off_leaves_nothing(service: Service) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    connection.putrequest("PUT", "/uploads/train/lot/a.csv")
    connection.putheader("Authorization", f"Bearer {service.key('operator')}")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"half")
    connection.close()

    with service.client() as client:
        listed = client.get("/sources", params={"pipeline": "train"}).json()["sources"]

    assert listed == []


NOT_BATCHES = {
    "picture": b"\x89PNG\r\n\x1a\n and so on",
    "document": b"%PDF-1.7 and so on",
    "archive": b"7z\xbc\xaf\x27\x1c and so on",
    "workbook": b"PK\x03\x04 and so on",
    "gzip": b"\x1f\x8b\x08\x00 and so on",
}


@pytest.mark.parametrize("what", NOT_BATCHES)
def test_what_is_no_csv_file_is_refused_at_once_whatever_its_name_is(service: Service, what: str) -> None:
    content = NOT_BATCHES[what] + b"." * MIB

    with service.client("operator") as client:
        answer = client.put("/uploads/train/lot/wafer_31012020_090817.csv", content=content)
        other = client.put("/uploads/train/lot/wafer_31012020_090818.csv", content=b"x")

    assert (answer.status_code, answer.json()["code"]) == (415, "NOT_A_BATCH")
    assert what in answer.json()["detail"]
    assert other.status_code == 201
    assert [each.key for each in service.store.keys("raw")] == ["raw/train/lot/wafer_31012020_090818.csv"]


@pytest.mark.parametrize(("what", "text"), [("workbook", "workbook: true"), ("gzip", "compression: gzip")])
def test_a_contract_that_reads_workbooks_or_gzip_takes_them(service: Service, what: str, text: str) -> None:
    service.parts.lines.contracts.add("line-b", ContractFiles.of(policy=f"text: {{{text}}}"))

    with service.client("operator") as client:
        first = client.put("/uploads/train/lot/one.xlsx?contract=line-b", content=NOT_BATCHES[what])
        again = client.put("/uploads/train/lot/two.xlsx", content=NOT_BATCHES[what])

    assert (first.status_code, again.status_code) == (201, 201)
