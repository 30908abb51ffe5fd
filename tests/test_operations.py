"""What docs/operations.md says is so: every setting, every code of a failing part, and the ways to back up."""

import json
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from pydantic_settings import BaseSettings

from application.errors import BackendUnavailable
from application.settings import ServiceSettings
from tests.documents import document_rows
from wafer.documents import open_documents
from wafer.errors import NotPublished, error_classes
from wafer.settings import Settings
from wafer.store import fetch_published, open_store, publish

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def variables(of: type[BaseSettings]) -> set[str]:
    return {str(field.validation_alias) for field in of.model_fields.values()}


def rows_of(section: str) -> list[str]:
    """First cells of the tables of a section."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]


def test_the_page_has_every_setting_and_no_other() -> None:
    told = set(re.findall(r"`([A-Z_]+)`", " ".join(rows_of("Settings"))))

    assert told == variables(Settings) | variables(ServiceSettings)


def test_every_code_on_the_page_is_one_that_errors_have() -> None:
    codes = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE.partition("## What happens")[2].partition("\n## ")[0]))

    assert codes <= set(error_classes()) | variables(Settings)
    assert {
        BackendUnavailable.code,
        "STORE_UNAVAILABLE",
        "DOCUMENTS_UNAVAILABLE",
        "REGISTRY_UNAVAILABLE",
        "STAGE_FAILED",
    } <= codes


def test_the_settings_of_a_cluster_outside_aws_are_those_that_its_tasks_read() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    given = {each["metadata"]["name"]: each for each in yaml.safe_load_all(block)}
    _, platform = yaml.safe_load_all((ROOT / "pipelines" / "compiled" / "train.yaml").read_text(encoding="utf-8"))
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    settings = [each for executor in executors for each in executor["configMapAsEnv"]]
    secrets = [each for executor in executors for each in executor["secretAsEnv"]]

    launcher = yaml.safe_load(given["kfp-launcher"]["data"]["providers"])["s3"]["default"]["credentials"]["secretRef"]
    assert set(given["wafer-settings"]["data"]) <= keys_of(settings, "wafer-settings", "configMap")
    assert set(given["wafer-secrets"]["stringData"]) <= keys_of(secrets, "wafer-secrets", "secret")
    assert {launcher["accessKeyKey"], launcher["secretKeyKey"]} <= set(given["wafer-secrets"]["stringData"])


def keys_of(sources: list[dict[str, Any]], name: str, kind: str) -> set[str]:
    """The keys that tasks read of a ConfigMap or Secret."""
    named = [each for each in sources if each[f"{kind}Name"] == name]
    return {entry[f"{kind}Key"] for each in named for entry in each["keyToEnv"]}


def test_a_copy_of_hard_links_keeps_its_content_while_the_store_changes(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    store.put("kfp/a/stages/load.json", b"before")
    (tmp_path / "large").write_bytes(b"before")
    store.upload(tmp_path / "large", "raw/train/batch.csv")
    for path in [path for path in (tmp_path / "store").rglob("*") if path.is_file()]:
        copy = tmp_path / "backup" / path.relative_to(tmp_path / "store")
        copy.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, copy)

    store.put("kfp/a/stages/load.json", b"after")
    (tmp_path / "large").write_bytes(b"after")
    store.upload(tmp_path / "large", "raw/train/batch.csv")

    backup = open_store(str(tmp_path / "backup"))
    assert [backup.get(item.key) for item in backup.keys("")] == [b"before", b"before"]


def test_half_a_restored_folder_is_invisible(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    publish(store, "predictions/run", {"a.csv": b"a", "b.csv": b"b"}, run_id="run")
    store.delete("predictions/run/_SUCCESS.json")

    with pytest.raises(NotPublished):
        fetch_published(store, "predictions/run", tmp_path / "copy")


def test_a_copy_of_the_documents_taken_while_they_are_open_is_whole(tmp_path: Path) -> None:
    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        documents.insert(
            "training",
            document_rows(
                [{"_id": "a", "wafer": "W", "file": "f", "sha256": "0", "kind": "training", "readings": {"S": 1.5}}]
            ),
        )
        with sqlite3.connect(tmp_path / "documents.sqlite") as live, sqlite3.connect(tmp_path / "copy.sqlite") as copy:
            live.backup(copy)

    with open_documents(str(tmp_path / "copy.sqlite")) as restored:
        assert [found["readings"] for found in restored.read("training", ["a"])] == [{"S": 1.5}]


@mock_aws
def test_the_lifecycle_rule_of_the_page_is_one_that_s3_takes() -> None:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block
    s3 = boto3.Session(region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b").client("s3")
    s3.create_bucket(Bucket="wafer")

    s3.put_bucket_lifecycle_configuration(Bucket="wafer", LifecycleConfiguration=json.loads(block[1]))

    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket="wafer")["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
