"""What network policies allow, as Kubernetes decides it: those that select a pod add up, and with none it is open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Party:
    """A pod, or an address outside of the cluster (no namespace)."""

    address: str
    namespace: str = ""
    labels: Mapping[str, str] | None = None


def allowed(policies: Iterable[Policy], source: Party, target: Party, port: int) -> bool:
    """Whether both ends let TCP from `source` reach a port of `target`."""
    found = list(policies)
    return _lets(found, "Egress", source, target, port) and _lets(found, "Ingress", target, source, port)


def _lets(policies: list[Policy], direction: str, pod: Party, peer: Party, port: int) -> bool:
    selecting = [each for each in policies if direction in each["spec"]["policyTypes"] and _selects(each, pod)]
    rules = [rule for each in selecting for rule in each["spec"].get(direction.lower(), [])]
    side = "to" if direction == "Egress" else "from"
    return not selecting or any(_matches(rule, side, pod, peer, port) for rule in rules)


def _selects(policy: Policy, pod: Party) -> bool:
    return policy["metadata"]["namespace"] == pod.namespace and _has(policy["spec"]["podSelector"], pod.labels or {})


def _matches(rule: Mapping[str, Any], side: str, pod: Party, peer: Party, port: int) -> bool:
    ports = rule.get("ports")
    on_port = ports is None or any(each["port"] <= port <= each.get("endPort", each["port"]) for each in ports)
    return on_port and (side not in rule or any(_is(each, pod, peer) for each in rule[side]))


def _is(described: Mapping[str, Any], pod: Party, peer: Party) -> bool:
    if "ipBlock" in described:
        block = described["ipBlock"]
        inside = [ip_address(peer.address) in ip_network(each) for each in (block["cidr"], *block.get("except", []))]
        return inside[0] and not any(inside[1:])
    if not peer.namespace:
        return False
    names = {"kubernetes.io/metadata.name": peer.namespace}
    there = _has(described["namespaceSelector"], names) if "namespaceSelector" in described else None
    same = peer.namespace == pod.namespace if there is None else there
    return same and _has(described.get("podSelector", {}), peer.labels or {})


def _has(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels"}, "this reading of policies knows labels only"
    return bool(selector.get("matchLabels", {}).items() <= labels.items())
