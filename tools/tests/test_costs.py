"""The cost table refuses what it has no price for, with all of it at once."""

import pytest

from tools.costs.estimate import UnknownPrice, estimate, read_prices


def test_what_has_no_price_is_named_with_everything_else_that_has_none() -> None:
    def planned(kind: str, **after: object) -> dict[str, object]:
        return {"mode": "managed", "type": kind, "change": {"after": after}}

    machine = planned("aws_instance", instance_type="x9.huge", root_block_device=[{"volume_size": 30}])
    plan = {"resource_changes": [planned("aws_msk_cluster"), machine, planned("aws_kms_key")]}

    with pytest.raises(UnknownPrice, match=r"aws_instance \(x9.huge\), aws_msk_cluster"):
        estimate(plan, read_prices())
