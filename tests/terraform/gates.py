"""What the security groups of an environment let through, in the words of docs/flows.md."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.flows import flows
from tests.terraform.account import Account

PREFIX = "wafer-fault-dev-"
PODS = {
    "application",
    "prometheus",
    "dns",
    "kubeflow",
    "kubeflow backup",
    "kubeflow database",
    "stages",
    "mlflow pod",
    "nodes",
}
GROUPS = {"control plane": "control-plane", "jenkins": "jenkins", "mlflow machine": "mlflow"}
RANGES = {"aws": "0.0.0.0/0", "mongodb": "192.0.2.0/24"}
ADDED_LATER = {"load balancer", "operators"}  # by the load balancer controller; by `operator_cidrs`
ANY = -1


@dataclass(frozen=True, slots=True)
class Gate:
    """One group lets a peer, which is another group or a range, in or out at a port."""

    group: str
    outwards: bool
    peer: str
    port: int


def open_gates(account: Account) -> set[Gate]:
    """Every rule of every group of the environment."""
    ec2 = account.client("ec2")
    names = {
        each["GroupId"]: each["GroupName"].removeprefix(PREFIX)
        for each in ec2.describe_security_groups()["SecurityGroups"]
    }
    return {
        Gate(names[rule["GroupId"]], rule["IsEgress"], _peer(rule, names), rule.get("FromPort", ANY))
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
        if names[rule["GroupId"]] != "default"
    }


def needed_gates(there: set[Gate]) -> set[Gate]:
    """What the table asks of groups. HTTPS to anywhere, where a group has it, includes HTTPS to another group."""
    everywhere = {gate.group for gate in there if gate.outwards and gate.peer == RANGES["aws"]}
    return {
        gate
        for gate in _asked()
        if not (gate.outwards and gate.port == 443 and gate.peer not in RANGES.values() and gate.group in everywhere)
    }


def _asked() -> Iterator[Gate]:
    for flow in flows():
        source, target = _name(flow.source), _name(flow.target)
        inside = source == target == "nodes"  # network policies narrow what pods say among themselves
        port = ANY if inside else flow.port
        if not ADDED_LATER & {flow.source, flow.target}:
            yield Gate(source, True, target, port)
            if flow.target not in RANGES:
                yield Gate(target, False, source, port)


def _name(party: str) -> str:
    return "nodes" if party in PODS else GROUPS.get(party) or RANGES.get(party, party)


def _peer(rule: dict[str, object], names: dict[str, str]) -> str:
    group = rule.get("ReferencedGroupInfo")
    return names[group["GroupId"]] if isinstance(group, dict) and group.get("GroupId") else str(rule.get("CidrIpv4"))
