"""Who may meet a pod of ours, and which connections the policies allow beside those that docs/flows.md lists."""

from collections.abc import Mapping
from ipaddress import ip_network

from tests.flows import Flow
from tests.gitops.conftest import one, resources
from tests.gitops.policies import Party

NAME = "app.kubernetes.io/name"
METADATA = Party("169.254.169.254")


def parties(text: str) -> dict[str, Party]:
    """Every party that a pod of ours may meet, with an address of the environment's own ranges."""
    reached = one(text, "NetworkPolicy", "application-to-mongodb")["spec"]["egress"][0]["to"][0]["ipBlock"]["cidr"]
    inside = one(text, "NetworkPolicy", "application")["spec"]["ingress"][0]["from"][0]["ipBlock"]["cidr"]
    vpc = ip_network(inside)
    found = {
        "load balancer": Party(str(vpc[260])),
        "application": Party(str(vpc[300]), "wafer-fault", pod_labels(text, "application")),
        "prometheus": Party("100.64.0.1", "monitoring", {NAME: "prometheus"}),
        "dns": Party("100.64.0.2", "kube-system", {"k8s-app": "kube-dns"}),
        "kubeflow": Party("100.64.0.3", "kubeflow", {"app": "ml-pipeline"}),
        "stages": Party("100.64.0.4", "kubeflow", {"pipeline/runid": "x"}),
        "kubeflow backup": Party("100.64.0.6", "kubeflow", job_labels(text, "kubeflow-backup")),
        "kubeflow database": Party("100.64.0.7", "kubeflow", {"app": "mysql"}),
        "mlflow machine": Party(str(vpc[500])),
        "mongodb": Party(str(ip_network(reached)[1])),
        "aws": Party("203.0.113.9"),
    }
    if any(each["kind"] == "Deployment" and each["metadata"]["name"] == "mlflow" for each in resources(text)):
        found["mlflow pod"] = Party("100.64.0.5", "wafer-fault", pod_labels(text, "mlflow"))
    return found


def pod_labels(text: str, name: str) -> dict[str, str]:
    labels: dict[str, str] = one(text, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
    return labels


def job_labels(text: str, name: str) -> dict[str, str]:
    job = one(text, "CronJob", name)["spec"]["jobTemplate"]["spec"]
    labels: dict[str, str] = job["template"]["metadata"]["labels"]
    return labels


def closed(there: Mapping[str, Party]) -> set[str]:
    """Parties whose every connection a policy of ours decides."""
    return {name for name, party in there.items() if party.namespace == "wafer-fault"} | {"kubeflow backup"}


def by_range(flow: Flow) -> bool:
    """A rule that names a range allows the others in it too: HTTPS anywhere, machines of the VPC, Kubeflow's pods."""
    machines = {"load balancer", "mlflow machine"}
    https = flow.source in {"application", "kubeflow backup"} and flow.port == 443
    to_mlflow = flow.port == 5000 and (
        (flow.source == "application" and flow.target in machines)
        or (flow.source in {"kubeflow", "kubeflow database"} and flow.target == "mlflow pod")
    )
    return https or to_mlflow or (flow.source in machines and flow.target == "application" and flow.port == 8000)
