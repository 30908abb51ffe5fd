"""`.ci/terraform` as Jenkins runs it: real Terraform, its state in a bucket of moto, an environment of one resource."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.server import Server
from tests.terraform.account import CREDENTIALS, REGION, Account
from tests.terraform.runner import ROOT, terraform_environment

pytestmark = pytest.mark.slow  # terraform, five times

BUCKET, STATE = "state", "wafer-fault/dev/terraform.tfstate"
SETTINGS = "wafer-fault/dev/terraform.tfvars"
SMALL = """
terraform {
  backend "s3" {
    key            = "wafer-fault/dev/terraform.tfstate"
    use_lockfile   = true
    use_path_style = true
    skip_requesting_account_id = true
  }
}
variable "content" { type = string }
resource "terraform_data" "one" { input = var.content }
"""
AWS = """#!/bin/sh
exec {python} -c "import boto3, sys; bucket, _, key = sys.argv[1][5:].partition('/')
boto3.client('s3').download_file(bucket, key, sys.argv[2])" "$4" "$5"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    environment = folder / "terraform/envs/dev"
    environment.mkdir(parents=True)
    (environment / "main.tf").write_text(SMALL)
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/terraform", folder / ".ci/terraform")
    shutil.copy(ROOT / "terraform/providers.sum", folder / "terraform/providers.sum")
    return folder


def job(repository: Path, aws: Server, command: str) -> subprocess.CompletedProcess[str]:
    scratch = repository.parent
    program = scratch / "bin" / "aws"
    program.parent.mkdir(exist_ok=True)
    program.write_text(AWS.format(python=ROOT / ".venv/bin/python"))
    program.chmod(0o755)
    settings = {name.upper(): value for name, value in CREDENTIALS.items()}
    settings |= {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": aws.url}
    settings |= {"TERRAFORM_STATE_BUCKET": BUCKET, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    environment = terraform_environment(scratch) | settings
    command_line = [str(repository / ".ci/terraform"), command, "dev"]
    return subprocess.run(command_line, env=environment, capture_output=True, text=True, check=False)


def test_a_plan_is_applied_as_it_was_kept_and_a_later_change_is_drift(repository: Path, aws: Server) -> None:
    s3 = Account(aws.url).client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key=SETTINGS, Body=b'content = "first"')

    planned = job(repository, aws, "plan")

    assert planned.returncode == 2, planned.stderr
    assert "terraform_data.one will be created" in (repository / "build/terraform/plan.txt").read_text()
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == [
        SETTINGS
    ]  # a plan writes nothing

    s3.put_object(Bucket=BUCKET, Key=SETTINGS, Body=b'content = "second"')  # after the approval: not what was approved
    applied = job(repository, aws, "apply")

    assert applied.returncode == 0, applied.stderr
    assert b'"first"' in s3.get_object(Bucket=BUCKET, Key=STATE)["Body"].read()
    assert job(repository, aws, "plan").returncode == 2  # first is not second
    s3.put_object(Bucket=BUCKET, Key=SETTINGS, Body=b'content = "first"')
    assert job(repository, aws, "plan").returncode == 0


def test_a_provider_of_another_sum_is_not_used(repository: Path, aws: Server) -> None:
    s3 = Account(aws.url).client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key=SETTINGS, Body=b'content = "first"')
    versions = (ROOT / "terraform/envs/dev/versions.tf").read_text()
    backend = re.search(r'  backend "s3" \{.*?\n  }\n', versions, re.DOTALL)
    assert backend
    (repository / "terraform/envs/dev/versions.tf").write_text(versions.replace(backend[0], ""))
    main = repository / "terraform/envs/dev/main.tf"
    main.write_text(f'{SMALL}variable "region" {{ default = "{REGION}" }}\n')
    sums = repository / "terraform/providers.sum"

    known = job(repository, aws, "plan")
    sums.write_text(sums.read_text().replace("h1:e", "h1:f"))
    unknown = job(repository, aws, "plan")

    assert known.returncode == 2, known.stderr
    assert unknown.returncode == 1
    assert "which terraform/providers.sum does not know" in unknown.stderr
