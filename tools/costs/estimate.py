"""Lines of a cost table, made of a Terraform plan and a list of prices."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

PRICES = Path(__file__).with_name("prices.yaml")
HOURS = 730  # of a month
Resource = Mapping[str, Any]  # a part of `terraform show -json`, or all of it


class UnknownPrice(ValueError):
    """Something is planned that the list of prices does not have."""


@dataclass(frozen=True, slots=True)
class Prices:
    """`prices.yaml`."""

    as_of: str
    hour: Mapping[str, float]
    machine_hour: Mapping[str, float]
    month: Mapping[str, float]
    gigabyte_month: Mapping[str, float]
    by_use: frozenset[str]
    free: frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    """What resources of one kind cost a month; `usd` is None where use decides."""

    what: str
    count: float
    usd: float | None


@dataclass(frozen=True, slots=True)
class Size:
    """What a resource does not say itself: nodes, each with a disk, and zones, each with a part of every endpoint."""

    nodes: int
    zones: int

    @classmethod
    def of(cls, planned: Iterable[tuple[str, Resource]]) -> "Size":
        """The size of what is planned."""
        planned = list(planned)
        groups = [after for kind, after in planned if kind == "aws_eks_node_group"]
        zones = {after["availability_zone"] for kind, after in planned if kind == "aws_subnet"}
        return cls(sum(each["scaling_config"][0]["desired_size"] for each in groups), len(zones))


def read_prices(path: Path = PRICES) -> Prices:
    """The list of prices."""
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    return TypeAdapter(Prices).validate_python(given | {"as_of": str(given["as_of"])})


def estimate(plan: Resource, prices: Prices) -> list[Line]:
    """A line for each kind of thing that costs, dearest first. Raises `UnknownPrice` with everything that has none."""
    planned = [(each["type"], each["change"]["after"]) for each in _planned(plan)]
    size = Size.of(planned)
    counted: dict[tuple[str, float | None], float] = defaultdict(float)
    unknown: set[str] = set()
    for kind, after in planned:
        try:
            for what, count, price in _parts(kind, after, prices, size):
                counted[what, price] += count
        except KeyError as exc:
            unknown.add(f"{kind} ({exc.args[0]})")
    if unknown:
        raise UnknownPrice(f"tools/costs/prices.yaml has no price of {', '.join(sorted(unknown))}")
    lines = [Line(what, count, None if price is None else count * price) for (what, price), count in counted.items()]
    return sorted(lines, key=lambda line: (-(line.usd or 0), line.what))


def _planned(plan: Resource) -> Iterator[Resource]:
    for each in plan["resource_changes"]:
        if each["mode"] == "managed" and each["change"]["after"] is not None:
            yield each


def _parts(kind: str, after: Resource, prices: Prices, size: Size) -> Iterator[tuple[str, float, float | None]]:
    """What a resource is billed for: name, how much of it, price a month of one."""
    disk = prices.gigabyte_month["gp3"]
    match kind:
        case "aws_instance":
            yield _machine(after["instance_type"], prices)
            yield "GB of disks", after["root_block_device"][0]["volume_size"], disk
        case "aws_eks_node_group":
            name, _, price = _machine(after["instance_types"][0], prices)
            yield name, after["scaling_config"][0]["desired_size"], price
        case "aws_ebs_volume":
            yield "GB of disks", after["size"], disk
        case "aws_launch_template":
            yield "GB of disks", after["block_device_mappings"][0]["ebs"][0]["volume_size"] * size.nodes, disk
        case "aws_vpc_endpoint" if after["vpc_endpoint_type"] == "Interface":
            yield "interface endpoint, in a zone", size.zones, prices.hour["interface_endpoint"] * HOURS
        case "aws_vpc_endpoint":
            yield from ()  # gateways are free
        case _ if kind in prices.by_use:
            yield kind, 1, None
        case _ if kind not in prices.free:
            yield kind, 1, prices.hour[kind] * HOURS if kind in prices.hour else prices.month[kind]


def _machine(kind: str, prices: Prices) -> tuple[str, float, float]:
    return f"machine {kind}", 1, prices.machine_hour[kind] * HOURS


def table(lines: Iterable[Line], prices: Prices) -> str:
    """The table for a person, with its sum and what is not in it."""
    lines = list(lines)
    total = sum(line.usd for line in lines if line.usd is not None)
    rows = [
        f"{line.what:<44} {line.count:>7g} {'by use' if line.usd is None else f'{line.usd:9.2f}'}" for line in lines
    ]
    head = f"{'what':<44} {'count':>7} USD/month"
    return "\n".join([head, *rows, f"{'fixed, by prices of ' + prices.as_of:<52} {total:9.2f}"])
