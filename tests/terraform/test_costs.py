"""The cost table: of the real plan of both environments, and nothing that is planned lacks a price."""

from collections.abc import Callable
from typing import Any

import pytest

from tools.costs.estimate import estimate, read_prices, table

pytestmark = [pytest.mark.xdist_group("terraform"), pytest.mark.timeout(900), pytest.mark.slow]


@pytest.mark.parametrize(("name", "nodes", "gateways"), [("dev", 2, 1), ("prod", 3, 3)])
def test_every_planned_resource_has_a_price_and_the_table_its_sum(
    first_plan: Callable[[str], dict[str, Any]], name: str, nodes: int, gateways: int
) -> None:
    prices = read_prices()

    lines = {line.what: line for line in estimate(first_plan(name), prices)}

    assert lines["machine m7i.xlarge"].count == nodes
    gateway = lines["aws_nat_gateway"]
    assert gateway.count == gateways
    assert gateway.usd == pytest.approx(gateways * prices.hour["aws_nat_gateway"] * 730)
    assert lines["aws_s3_bucket"].usd is None
    shown = table(lines.values(), prices)
    assert f"{sum(line.usd or 0 for line in lines.values()):.2f}" in shown
    assert prices.as_of in shown
