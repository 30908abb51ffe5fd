"""Both environments planned and priced; one built, changed and taken away by the real provider against moto."""

import base64
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pipelines.images import ALL, ENGINE, SHARED, STAGES
from tests.servers.server import Server
from tests.terraform.account import Account
from tests.terraform.gates import needed_gates, open_gates
from tests.terraform.runner import Terraform, changes, planned
from tools.costs.estimate import estimate, read_prices, table

LIFECYCLE = "module.platform.module.store.aws_s3_bucket_lifecycle_configuration.this"
WRITERS = {  # prefix of the store -> workloads that may write there, beside what only Kubeflow itself writes
    "raw/": {"application"},
    "quarantine/": {"raw_data_validation_train"},
    "training/": {"load_prod_model"},
    "predictions/": {"pred_pipeline"},
    "recent/": {"pred_pipeline"},
    "outcomes/": {"db_operation_train"},
    "contracts/": {"application"},
    "dispositions/": {"application"},
    "pipelines/": set(),
    "backups/": {"kubeflow-backup"},
    "units/": {*SHARED, ENGINE},
    "kfp/": {*STAGES, "ml-pipeline", "pipeline-runner"},
}
READERS = {
    "units/": {*SHARED, ENGINE},
    "raw/": {ENGINE, "application", "raw_data_validation_train", "data_transformation_train", "db_operation_train"},
    "training/": {"application", "load_prod_model"},
    "predictions/": {"application", "pred_pipeline", "db_operation_train"},
    "recent/": {"pred_pipeline"},
    "outcomes/": {"application", "db_operation_train", "load_prod_model"},
    "dispositions/": {"application", "load_prod_model"},
    "contracts/": {"application", "raw_data_validation_train", "data_transformation_train", "db_operation_train"},
    "pipelines/": {"application"},
}
REMOVERS = {
    "units/": {*SHARED, ENGINE},
    **{key: {"application"} for key in ("raw/", "training/", "predictions/", "outcomes/", "quarantine/", "kfp/")},
    **{key: set[str]() for key in ("backups/", "dispositions/", "recent/", "pipelines/")},
}
ATLAS = "com.amazonaws.vpce.eu-central-1.vpce-svc-0123456789abcdef0"
PUBLIC_ACCESS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
WRONG = {  # setting -> what the operator is told
    'operator_cidrs=["0.0.0.0/0"]': "never the whole internet",
    "kfp_artifact_days=1": "a failed run is resumed from them",
    "node_count={min=3,desired=2,max=4}": "1 <= min <= desired <= max",
    'cluster_admin_roles=["arn:aws:iam::x:role/y"]': "Give role names, not ARNs",
    "github_repository=owner/*": "without any wildcard",
    "mongodb={}": "Say where MongoDB is",
    'public_api_cidrs=["0.0.0.0/0"]': "never the whole internet",
    "budget={monthly_usd=900,emails=[]}": "somebody to tell",
}

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(900), pytest.mark.slow]


def world(rules: list[dict[str, Any]]) -> set[int]:
    """Ports of the rules that name the whole internet."""
    return {rule["from_port"] for rule in rules if rule["cidr_ipv4"] == "0.0.0.0/0" or rule["cidr_ipv6"] == "::/0"}


@dataclass(frozen=True)
class Second:
    """An environment planned where the account has something already, with everything that can be asked for."""

    plan: dict[str, Any]
    provider: str  # of GitHub's identities


@pytest.fixture(scope="module")
def second(environment: Callable[[str], Terraform]) -> Second:
    terraform = environment("prod")
    iam = Account(terraform.environment["AWS_ENDPOINT_URL"]).client("iam")
    provider = iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com", ThumbprintList=[])
    oversight = ("cloudtrail=true", "guardduty=true", 'budget={monthly_usd=900,emails=["fab@plant.example"]}')
    operators = ('operator_cidrs=["10.99.0.0/24"]',)
    github = ("github_repository=owner/name", "github_provider_exists=true")
    settings = (*operators, *github, *oversight, f'mongodb={{endpoint_service="{ATLAS}"}}')
    plan = terraform.plan(*(argument for setting in settings for argument in ("-var", setting)))
    return Second(plan, provider["OpenIDConnectProviderArn"])


@pytest.fixture(scope="module")
def plans(environment: Callable[[str], Terraform], second: Second) -> dict[str, dict[str, Any]]:
    """Both environments for an operators' network; of everything that can be asked for production has all."""
    return {"dev": environment("dev").plan("-var", 'operator_cidrs=["10.99.0.0/24"]'), "prod": second.plan}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_is_closed_to_the_internet(plans: dict[str, dict[str, Any]], name: str) -> None:
    plan = plans[name]

    machines = planned(plan, "aws_instance")
    blocks = planned(plan, "aws_s3_bucket_public_access_block")

    assert world(planned(plan, "aws_vpc_security_group_ingress_rule")) == set()
    assert world(planned(plan, "aws_vpc_security_group_egress_rule")) == {443}
    assert [machine["associate_public_ip_address"] for machine in machines] == [False, False]
    assert [machine["metadata_options"][0]["http_tokens"] for machine in machines] == ["required", "required"]
    assert planned(plan, "aws_eks_cluster")[0]["vpc_config"][0]["endpoint_public_access"] is False
    assert len(blocks) == len(planned(plan, "aws_s3_bucket"))
    assert {block[rule] for block in blocks for rule in PUBLIC_ACCESS} == {True}


def test_production_does_not_lose_its_data_with_a_destroy(plans: dict[str, dict[str, Any]]) -> None:
    plan = plans["prod"]

    assert {bucket["force_destroy"] for bucket in planned(plan, "aws_s3_bucket")} == {False}
    assert {repository["force_delete"] for repository in planned(plan, "aws_ecr_repository")} == {False}
    assert {volume["final_snapshot"] for volume in planned(plan, "aws_ebs_volume")} == {True}
    assert planned(plan, "aws_dynamodb_table")[0]["deletion_protection_enabled"] is True


@pytest.mark.parametrize(("name", "nodes", "gateways"), [("dev", 2, 1), ("prod", 3, 3)])
def test_every_planned_resource_has_a_price_and_the_table_its_sum(
    plans: dict[str, dict[str, Any]], name: str, nodes: int, gateways: int
) -> None:
    prices = read_prices()

    lines = {line.what: line for line in estimate(plans[name], prices)}

    assert lines["machine m7i.xlarge"].count == nodes
    gateway = lines["aws_nat_gateway"]
    assert gateway.count == gateways
    assert gateway.usd == pytest.approx(gateways * prices.hour["aws_nat_gateway"] * 730)
    assert lines["aws_s3_bucket"].usd is None
    shown = table(lines.values(), prices)
    assert f"{sum(line.usd or 0 for line in lines.values()):.2f}" in shown
    assert prices.as_of in shown


def test_settings_that_would_open_or_break_something_are_refused(environment: Callable[[str], Terraform]) -> None:
    settings = [argument for setting in WRONG for argument in ("-var", setting)]

    done = environment("dev").run("plan", "-input=false", "-no-color", *settings, allow=(1,))

    message = " ".join(done.stderr.replace("│", " ").split())
    assert [sentence for sentence in WRONG.values() if sentence not in message] == []


def test_an_environment_is_built_changed_and_taken_away_without_a_remainder(moto_copy: Terraform, aws: Server) -> None:
    terraform = moto_copy.at("envs/dev")
    terraform.init()
    account = Account(aws.url)
    empty = account.inventory()

    state = ("-var", "terraform_state_bucket=wafer-state")
    terraform.run("apply", "-input=false", "-no-color", "-auto-approve", *state)

    assert account.inventory() > empty
    outputs = json.loads(terraform.run("output", "-json").stdout)["platform"]["value"]
    bucket = outputs["store_uri"].removeprefix("s3://")
    check_bucket(account, bucket)
    check_repositories(account, outputs["repositories"])
    check_ledger(account, outputs["ledger_table"])
    check_cluster(account, outputs["cluster_name"])
    check_machines(account)
    assert open_gates(account) == needed_gates(open_gates(account))
    check_roles(account, outputs["role_arns"], bucket)
    check_roles_of_terraform(account, bucket)
    assert changes(terraform.plan(*state)) == {}

    plan = terraform.plan(*state, "-var", "kfp_artifact_days=21")

    assert changes(plan).keys() == {LIFECYCLE}
    assert changes(plan)[LIFECYCLE]["actions"] == ["update"]
    assert expiry(changes(plan)[LIFECYCLE]["before"]) == {"kfp/": 14, "backups/": 30, "quarantine/": 30, "units/": 14}
    assert expiry(changes(plan)[LIFECYCLE]["after"]) == {"kfp/": 21, "backups/": 30, "quarantine/": 30, "units/": 21}

    terraform.run("apply", "-input=false", "-no-color", "plan")

    assert live_expiry(account, bucket) == {"kfp/": 21, "backups/": 30, "quarantine/": 30, "units/": 21}

    terraform.run("destroy", "-input=false", "-no-color", "-auto-approve", *state)

    assert account.inventory() == empty


def test_a_second_environment_finds_what_the_account_has_and_watches_it_if_asked_to(second: Second) -> None:
    plan = second.plan

    urls = [each.get("url") for each in planned(plan, "aws_iam_openid_connect_provider")]
    assert urls == [None]  # the cluster's own, whose address is not known yet
    trust = next(each for each in planned(plan, "aws_iam_role") if each["name"] == "wafer-fault-prod-sync")
    assert second.provider in trust["assume_role_policy"]
    promoter = next(each for each in planned(plan, "aws_iam_role") if each["name"] == "wafer-fault-prod-promote")
    assert "repo:owner/name:environment:production" in promoter["assume_role_policy"]
    assert [each["enable"] for each in planned(plan, "aws_guardduty_detector")] == [True]
    assert [each["enable_log_file_validation"] for each in planned(plan, "aws_cloudtrail")] == [True]
    (budget,) = planned(plan, "aws_budgets_budget")
    assert (budget["limit_amount"], budget["limit_unit"], budget["time_unit"]) == ("900", "USD", "MONTHLY")
    assert budget["cost_filter"] == [{"name": "TagKeyValue", "values": ["user:environment$prod"]}]
    told = [(each["notification_type"], each["threshold"]) for each in budget["notification"]]
    assert sorted(told) == [("ACTUAL", 80), ("FORECASTED", 100)]


def test_atlas_is_reached_by_an_endpoint_inside_the_network(second: Second) -> None:
    assert ATLAS in {each["service_name"] for each in planned(second.plan, "aws_vpc_endpoint")}
    egress = planned(second.plan, "aws_vpc_security_group_egress_rule")
    assert [each["from_port"] for each in egress if each["description"] == "MongoDB endpoint"] == [1024]


def expiry(configuration: dict[str, Any]) -> dict[str, int]:
    return {
        rule["filter"][0]["prefix"]: rule["expiration"][0]["days"]
        for rule in configuration["rule"]
        if rule["expiration"]
    }


def live_expiry(account: Account, bucket: str) -> dict[str, int]:
    found = account.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in found if "Expiration" in rule}


def check_bucket(account: Account, bucket: str) -> None:
    s3 = account.client("s3")
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    denials = [
        each
        for each in json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        if each["Effect"] == "Deny"
    ]

    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert ":key/" in encryption["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert encryption["BucketKeyEnabled"] is True
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denials]
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"].startswith(
        "wafer-fault-dev-access-logs-"
    )
    assert live_expiry(account, bucket) == {"kfp/": 14, "backups/": 30, "quarantine/": 30, "units/": 14}


def check_repositories(account: Account, urls: dict[str, str]) -> None:
    ecr = account.client("ecr")
    found = {each["repositoryName"].split("/")[1]: each for each in ecr.describe_repositories()["repositories"]}

    assert found.keys() == urls.keys() == set(ALL)
    assert {each["imageTagMutability"] for each in found.values()} == {"IMMUTABLE"}
    assert {each["imageScanningConfiguration"]["scanOnPush"] for each in found.values()} == {True}
    assert {each["encryptionConfiguration"]["encryptionType"] for each in found.values()} == {"KMS"}
    assert all(ecr.get_lifecycle_policy(repositoryName=each["repositoryName"]) for each in found.values())


def check_ledger(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    expiring = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]

    assert {each["AttributeName"]: each["KeyType"] for each in table["KeySchema"]} == {"pk": "HASH", "sk": "RANGE"}
    assert table["SSEDescription"]["SSEType"] == "KMS"
    assert expiring == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def check_cluster(account: Account, name: str) -> None:
    eks = account.client("eks")
    cluster = eks.describe_cluster(name=name)["cluster"]
    nodes = eks.describe_nodegroup(clusterName=name, nodegroupName=f"{name}-stages")["nodegroup"]
    issuer = cluster["identity"]["oidc"]["issuer"].removeprefix("https://")
    providers = account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]

    assert cluster["encryptionConfig"][0]["resources"] == ["secrets"]
    assert nodes["scalingConfig"] == {"minSize": 1, "desiredSize": 2, "maxSize": 3}
    assert [each["Arn"].split("oidc-provider/")[1] for each in providers] == [issuer]


def check_machines(account: Account) -> None:
    ec2 = account.client("ec2")
    machines = [each for group in ec2.describe_instances()["Reservations"] for each in group["Instances"]]
    scripts = [
        ec2.describe_instance_attribute(InstanceId=each["InstanceId"], Attribute="userData") for each in machines
    ]

    assert sorted(tag["Value"] for each in machines for tag in each["Tags"] if tag["Key"] == "Name") == [
        "wafer-fault-dev-jenkins",
        "wafer-fault-dev-mlflow",
    ]
    assert {volume["Encrypted"] for volume in ec2.describe_volumes()["Volumes"]} == {True}
    for script in scripts:
        source = base64.b64decode(script["UserData"]["Value"])
        assert subprocess.run(["bash", "-n"], input=source, capture_output=True, check=False).stderr == b""


def check_roles(account: Account, arns: dict[str, str], bucket: str) -> None:
    names = {workload: arn.split("/")[1] for workload, arn in arns.items()}
    store = f"arn:aws:s3:::{bucket}"

    for prefix, writers in WRITERS.items():
        assert {
            each for each, role in names.items() if account.may(role, "s3:PutObject", f"{store}/{prefix}x")
        } == writers, prefix
    for prefix, readers in READERS.items():
        assert {
            each for each, role in names.items() if account.may(role, "s3:GetObject", f"{store}/{prefix}x")
        } == readers, prefix
    for prefix, removers in REMOVERS.items():
        assert {
            each for each, role in names.items() if account.may(role, "s3:DeleteObject", f"{store}/{prefix}x")
        } == removers, prefix
    trust = account.client("iam").get_role(RoleName=names["clustering"])["Role"]["AssumeRolePolicyDocument"][
        "Statement"
    ][0]
    subjects = [each for key, each in trust["Condition"]["StringEquals"].items() if key.endswith(":sub")]
    assert subjects == [["system:serviceaccount:kubeflow:clustering", "system:serviceaccount:kubeflow:pipeline-runner"]]


def check_roles_of_terraform(account: Account, bucket: str) -> None:
    iam = account.client("iam")
    plan, apply = "wafer-fault-dev-terraform-plan", "wafer-fault-dev-terraform-apply"
    trusted = [iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"] for role in (plan, apply)]
    role = "arn:aws:iam::123456789012:role/"

    assert [each["Principal"]["AWS"].split("/")[1] for (each,) in trusted] == ["wafer-fault-dev-jenkins"] * 2
    assert account.may(apply, "iam:CreateRole", f"{role}wafer-fault-dev-new")
    assert not account.may(apply, "iam:CreateRole", f"{role}wafer-fault-prod-new")
    assert not account.may(plan, "iam:CreateRole", f"{role}wafer-fault-dev-new")
    assert account.denied(apply, "iam:PutRolePolicy", f"{role}{apply}")
    assert account.denied(plan, "s3:GetObject", f"arn:aws:s3:::{bucket}/raw/train/x.csv")
    assert account.denied(
        plan, "dynamodb:Scan", "arn:aws:dynamodb:eu-central-1:123456789012:table/wafer-fault-dev-runs"
    )
    assert not account.may("wafer-fault-dev-jenkins", "iam:CreateRole", f"{role}wafer-fault-dev-new")
