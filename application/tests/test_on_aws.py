"""The service as it stands in production: batches and results in S3, the ledger in DynamoDB."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import boto3

from application.runs.ledger.dynamodb import DynamoDBLedger
from application.tests.serving import open_service


def test_from_upload_to_predictions_with_nothing_on_the_disk(
    tmp_path: Path, aws_endpoint: str, aws: Callable[[str], None], table: str
) -> None:
    aws(aws_endpoint)
    bucket = f"wafer-{uuid4().hex}"
    boto3.Session().client("s3").create_bucket(Bucket=bucket)

    with (
        open_service(tmp_path, store_uri=f"s3://{bucket}/fab", ledger=DynamoDBLedger(table)) as service,
        service.client() as client,
    ):
        uploads = [
            client.put("/uploads/predict/lot/wafer.csv", content=content) for content in (b"one", b"one", b"two")
        ]
        elsewhere = client.post("/predict", json={"source": f"s3://{bucket}/other/raw/predict/lot"})
        by_address = client.post("/predict", json={"source": f"s3://{bucket}/fab/raw/predict/lot"})
        run_id = by_address.json()["run_id"]
        service.backend.succeed(run_id)
        service.parts.runs.tick()
        run = client.get(f"/runs/{run_id}").json()
        found = client.get(f"/runs/{run_id}/predictions").json()
        report = client.get(f"/runs/{run_id}/report")
        listed = client.get("/runs").json()["runs"]
        ready = client.get("/readyz").json()

    assert [answer.status_code for answer in uploads] == [201, 200, 409]
    assert (elsewhere.status_code, by_address.status_code) == (403, 202)
    assert service.backend.started[0].source == f"s3://{bucket}/fab/raw/predict/lot"
    assert (run["state"], run["source"], found["total"]) == ("succeeded", "raw/predict/lot", 4)
    assert report.status_code == 200
    assert [each["run_id"] for each in listed] == [run_id]
    assert ready == {"ready": True, "checks": {"store": True, "runs": True}}
    assert not (tmp_path / "store").exists()
