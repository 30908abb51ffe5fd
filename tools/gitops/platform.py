"""An overlay's platform.yaml: what Terraform made, as Kubernetes and kustomize take it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import yaml

from wafer.store import layout

ENVIRONMENTS = ("dev", "prod")
BUILT = "dev"  # images are built for it; the other runs what was promoted
TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"  # noqa: S105 - where EKS puts a pod's token
NETWORKS = {"dev": "10.20.0.0/16", "prod": "10.30.0.0/16"}  # `cidr` of terraform/envs
LOCAL = {"config.kubernetes.io/local-config": "true"}  # read by kustomize, applied to no cluster


@dataclass(frozen=True, slots=True)
class MongoDB:
    """Where MongoDB is: ranges of addresses, and its ports."""

    cidrs: tuple[str, ...]
    from_port: int
    to_port: int


@dataclass(frozen=True, slots=True)
class ImageSigners:
    """Who signs images: a public key, and a workflow of GitHub as a pattern of its name."""

    public_key: str = ""
    workflow: str = "^none$"


@dataclass(frozen=True, slots=True)
class Made:
    """What is read here of `terraform output -json platform`."""

    registry: str
    ledger_table: str
    store_uri: str
    mlflow_tracking_uri: str
    role_arns: Mapping[str, str]
    mongodb: MongoDB
    image_signers: ImageSigners = ImageSigners()


class Metadata(TypedDict):
    """Name and place of an object of Kubernetes."""

    name: str
    namespace: str
    annotations: NotRequired[Mapping[str, str]]


class ConfigMap(TypedDict):
    """A ConfigMap as Kubernetes takes it; the order of the fields is the order in the file."""

    apiVersion: str
    kind: str
    metadata: Metadata
    data: Mapping[str, str]


def overlay(root: Path, environment: str) -> Path:
    """Folder of an environment."""
    return root / "gitops" / "overlays" / environment


def registry(root: Path, environment: str) -> str:
    """Registry and prefix of an environment's images, as its platform.yaml says."""
    documents = yaml.safe_load_all((overlay(root, environment) / "platform.yaml").read_text(encoding="utf-8"))
    return next(str(each["data"]["registry"]) for each in documents if each["metadata"]["name"] == "platform")


def platform(environment: str, made: Made, host: str) -> str:
    """An overlay's platform.yaml from `terraform output -json platform`."""
    region = _region(made.registry)
    where = {"registry": f"{made.registry}/wafer-fault-{environment}", "host": host}
    where |= {"ledger": f"dynamodb://{made.ledger_table}", "network": NETWORKS[environment]}
    where |= {"signing-key": made.image_signers.public_key, "signing-workflow": made.image_signers.workflow}
    settings = {"WAFER_STORE": made.store_uri, "MLFLOW_TRACKING_URI": made.mlflow_tracking_uri}
    endpoint = {"endpoint": f"s3.{region}.amazonaws.com", "region": region, "disableSSL": False}
    launcher = {"default": {**endpoint, "credentials": {"fromEnv": True}}}
    documents: list[Mapping[str, object]] = [
        config_map("platform", "wafer-fault", where, LOCAL),
        config_map("wafer-settings", "kubeflow", settings | {"AWS_REGION": region}),
        config_map("wafer-object-store", "kubeflow", _object_store(made.store_uri, region)),
        config_map("wafer-roles", "kubeflow", dict(made.role_arns) | {"AWS_WEB_IDENTITY_TOKEN_FILE": TOKEN}),
        config_map(
            "kfp-launcher",
            "kubeflow",
            {
                "defaultPipelineRoot": f"{made.store_uri}/{layout.ARTIFACTS}",
                "providers": yaml.safe_dump({"s3": launcher}),
            },
        ),
        _to_mongodb(made.mongodb),
    ]
    written = "# Written by `python -m tools.gitops platform` from `terraform output -json platform`.\n"
    return written + yaml.safe_dump_all(documents, sort_keys=False, width=120)


def _object_store(store_uri: str, region: str) -> Mapping[str, str]:
    """Where Kubeflow keeps its packages of pipelines: gitops/kubeflow/object-store.yaml reads it."""
    bucket = store_uri.removeprefix("s3://").partition("/")[0]
    return {"host": f"s3.{region}.amazonaws.com", "region": region, "bucket": bucket}


def _to_mongodb(where: MongoDB) -> Mapping[str, object]:
    """The policy that lets the application speak to MongoDB, wherever this environment has it."""
    egress = {
        "to": [{"ipBlock": {"cidr": cidr}} for cidr in where.cidrs],
        "ports": [{"port": where.from_port, "endPort": where.to_port}],
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "application-to-mongodb", "namespace": "wafer-fault"},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "application"}},
            "policyTypes": ["Egress"],
            "egress": [egress],
        },
    }


def _region(registry_host: str) -> str:
    """The region in the name of an ECR registry: ACCOUNT.dkr.ecr.REGION.amazonaws.com."""
    parts = registry_host.split(".")
    if len(parts) < 6 or parts[1:3] != ["dkr", "ecr"]:
        raise ValueError(f"{registry_host} is not the host of an ECR registry")
    return parts[3]


def config_map(
    name: str, namespace: str, data: Mapping[str, str], annotations: Mapping[str, str] | None = None
) -> ConfigMap:
    """A ConfigMap with this data."""
    metadata: Metadata = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}
