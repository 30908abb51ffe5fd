"""The network policies allow what docs/flows.md lists and nothing else: every pair of its parties, every port."""

from itertools import product

import pytest

from tests.flows import Flow, flows
from tests.gitops.conftest import Build, resources
from tests.gitops.parties import METADATA, by_range, closed, parties
from tests.gitops.policies import allowed
from tools.gitops.platform import ENVIRONMENTS

pytestmark = pytest.mark.slow  # kustomize


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_policies_allow_what_the_table_lists_and_nothing_else(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")
    policies = [each for each in resources(text) if each["kind"] == "NetworkPolicy"]
    there, needed = parties(text), flows()
    ports = {flow.port for flow in needed}

    ours = closed(there)
    asked = [Flow(*each) for each in product(there, there, ports) if each[0] != each[1] and ours & {each[0], each[1]}]
    found = {flow for flow in asked if allowed(policies, there[flow.source], there[flow.target], flow.port)}

    assert needed & set(asked) - found == set()
    assert {flow for flow in found - needed if not by_range(flow)} == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_pod_reaches_the_credentials_of_its_machine(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")
    policies = [each for each in resources(text) if each["kind"] == "NetworkPolicy"]

    there = parties(text)
    for name in closed(there):
        assert not any(allowed(policies, there[name], METADATA, port) for port in (80, 443)), name
