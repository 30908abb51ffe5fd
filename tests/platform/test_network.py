"""What the network policies allow, by the code that nodes run: kube-network-policies, fed by the API server."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.flows import Flow, flows
from tests.gitops.conftest import kustomized
from tests.gitops.parties import METADATA, by_range, closed, parties
from tests.gitops.policies import Party
from tests.platform.cluster import Cluster, Manifest
from tests.platform.conftest import overlay
from tests.platform.servers import needed
from tests.servers.binaries import program
from tools.gitops.platform import ENVIRONMENTS


@pytest.fixture(params=ENVIRONMENTS)
def there(request: pytest.FixtureRequest, root: Path, kubernetes: Cluster) -> Iterator[dict[str, Party]]:
    """Every party, those in the cluster as pods with an address, and the policies of an environment."""
    needed("flows")
    found = parties(kustomized(root, f"overlays/{request.param}"))
    policies = [each for each in overlay(root, request.param) if each["kind"] == "NetworkPolicy"]
    pods = [pod(name, party) for name, party in found.items() if party.namespace]
    kubernetes.install(*policies, *pods)
    for each, party in zip(pods, (party for party in found.values() if party.namespace), strict=True):
        address = {"podIP": party.address, "podIPs": [{"ip": party.address}], "phase": "Running"}
        kubernetes.patch(each, {"status": address}, "/status")
    yield found
    for each in (*policies, *pods):
        kubernetes.delete(each)


def test_the_policies_allow_what_the_table_lists_and_nothing_else(there: dict[str, Party], kubernetes: Cluster) -> None:
    listed = flows()
    ours = closed(there)
    ports = {flow.port for flow in listed}
    asked = [Flow(*each) for each in product(there, there, ports) if each[0] != each[1] and ours & {each[0], each[1]}]

    found = allowed(kubernetes, there, asked)

    assert listed & set(asked) - found == set()
    assert {flow for flow in found - listed if not by_range(flow)} == set()


def test_no_pod_reaches_the_credentials_of_its_machine(there: dict[str, Party], kubernetes: Cluster) -> None:
    asked = [Flow(name, "metadata", port) for name in closed(there) for port in (80, 443)]

    assert asked
    assert allowed(kubernetes, there | {"metadata": METADATA}, asked) == set()


def allowed(cluster: Cluster, there: dict[str, Party], asked: Iterable[Flow]) -> set[Flow]:
    """Those of the connections that the policies of the cluster let through."""
    lines = {f"{there[each.source].address} {there[each.target].address} {each.port}": each for each in asked}
    done = subprocess.run(
        [str(program("flows")), cluster.url, str(cluster.authority)],
        input="\n".join(lines),
        env=os.environ | {"TOKEN": cluster.token},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    verdicts = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert verdicts.keys() == lines.keys()
    return {lines[line] for line, verdict in verdicts.items() if verdict == "allow"}


def pod(name: str, party: Party) -> Manifest:
    """A pod with a party's labels; nothing ever runs it."""
    container = {
        "name": "any",
        "image": "any",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    user = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    metadata = {"name": name.replace(" ", "-"), "namespace": party.namespace, "labels": dict(party.labels or {})}
    spec = {"containers": [container], "securityContext": user}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
