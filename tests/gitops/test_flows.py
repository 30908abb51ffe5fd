"""The network policies allow what docs/flows.md lists and nothing else: every pair of its parties, every port."""

from ipaddress import ip_network
from itertools import product

import pytest

from tests.flows import Flow, flows
from tests.gitops.conftest import Build, one, resources
from tests.gitops.policies import Party, allowed
from tools.gitops.platform import ENVIRONMENTS

pytestmark = pytest.mark.slow  # kustomize

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


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_policies_allow_what_the_table_lists_and_nothing_else(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")
    policies = [each for each in resources(text) if each["kind"] == "NetworkPolicy"]
    there, needed = parties(text), flows()
    ports = {flow.port for flow in needed}

    ours = {name for name, party in there.items() if party.namespace == "wafer-fault"}
    asked = [Flow(*each) for each in product(there, there, ports) if each[0] != each[1] and ours & {each[0], each[1]}]
    found = {flow for flow in asked if allowed(policies, there[flow.source], there[flow.target], flow.port)}

    assert needed & set(asked) - found == set()
    assert {flow for flow in found - needed if not by_range(flow)} == set()


def by_range(flow: Flow) -> bool:
    """A rule that names a range allows the others in it too: HTTPS anywhere, machines of the VPC, Kubeflow's pods."""
    machines = {"load balancer", "mlflow machine"}
    to_any = flow.source == "application" and (flow.port == 443 or (flow.port == 5000 and flow.target in machines))
    return (
        to_any
        or flow == Flow("kubeflow", "mlflow pod", 5000)
        or (flow.source in machines and flow.target == "application" and flow.port == 8000)
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_pod_reaches_the_credentials_of_its_machine(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")
    policies = [each for each in resources(text) if each["kind"] == "NetworkPolicy"]

    for name, party in parties(text).items():
        if party.namespace == "wafer-fault":
            assert not any(allowed(policies, party, METADATA, port) for port in (80, 443)), name
