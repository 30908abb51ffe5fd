"""What is in an AWS account, asked of AWS's own interface."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import boto3

REGION = "eu-central-1"
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

# service, call, list in the answer, name of an item
LISTS = [
    ("dynamodb", "list_tables", "TableNames", ""),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2", "describe_instances", "Reservations", "ReservationId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_volumes", "Volumes", "VolumeId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("eks", "list_clusters", "clusters", ""),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("route53", "list_hosted_zones", "HostedZones", "Id"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
]


class Account:
    """The account behind an endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: str) -> Any:  # noqa: ANN401 - each service has a type of its own
        """Client of a service, such as `s3`."""
        return boto3.client(service, region_name=REGION, endpoint_url=self._endpoint, **CREDENTIALS)  # type: ignore[call-overload]

    def inventory(self) -> set[str]:
        """Everything that costs money or grants access and is not already on its way out."""
        return {f"{service} {name}" for service, name in self._items()} | {
            f"policy {each['Arn']}" for each in self.client("iam").list_policies(Scope="Local")["Policies"]
        }

    def _items(self) -> Iterator[tuple[str, str]]:
        for service, call, key, name in LISTS:
            for item in getattr(self.client(service), call)()[key]:
                if not _is_gone(item):
                    yield f"{service} {call}", item[name] if name else item

    def may(self, role: str, action: str, resource: str) -> bool:
        """Whether a policy of the role's own allows an action on a resource, whatever its conditions."""
        return self._says("Allow", role, action, resource)

    def denied(self, role: str, action: str, resource: str) -> bool:
        """Whether a policy of the role's own denies an action on a resource, whatever others allow."""
        return self._says("Deny", role, action, resource)

    def _says(self, effect: str, role: str, action: str, resource: str) -> bool:
        iam = self.client("iam")
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        return any(
            _matches(action, statement["Action"]) and _matches(resource, statement["Resource"])
            for document in documents
            for statement in document["Statement"]
            if statement["Effect"] == effect
        )


def _is_gone(item: Any) -> bool:  # noqa: ANN401 - a name or a description
    if not isinstance(item, dict):
        return False
    states = [each["State"]["Name"] for each in item.get("Instances", [])] or [item.get("State")]
    return all(state in {"deleted", "terminated"} for state in states)


def _matches(value: str, patterns: str | list[str]) -> bool:
    return any(fnmatchcase(value, each) for each in ([patterns] if isinstance(patterns, str) else patterns))
