"""Named contracts: each version is kept under its digest, and what a run took never changes."""

import json
from pathlib import Path

import pytest

from wafer.built_in import BUILT_IN
from wafer.contract import ContractFiles, Contracts, load_contract
from wafer.errors import ContractInvalid, ContractNotFound
from wafer.store import open_store

SENSORS = {"Wafer": "varchar", "Temperature": "float", "Pressure": "float"}


def schema(columns: dict[str, str]) -> str:
    form = {"SampleFileName": "x.csv", "LengthOfDateStampInFile": 0, "LengthOfTimeStampInFile": 0}
    return json.dumps({**form, "NumberofColumns": len(columns), "ColName": columns})


def files(policy: str = '{file_name: {form: "*.csv"}}') -> ContractFiles:
    return ContractFiles.of(schema({**SENSORS, "Output": "Integer"}), schema(SENSORS), policy)


@pytest.fixture
def contracts(tmp_path: Path) -> Contracts:
    return Contracts(open_store(str(tmp_path)))


def test_an_installation_has_the_built_in_contract_by_its_name(contracts: Contracts) -> None:
    (only,) = contracts.all()

    assert (only.name, only.files("training")) == (BUILT_IN, {})
    assert only.load("training").digest == load_contract("training").digest


def test_an_added_contract_is_read_from_its_own_files(contracts: Contracts) -> None:
    added = contracts.add("line-b", files(), by="ada")

    assert [each.name for each in contracts.all()] == [BUILT_IN, "line-b"]
    assert (added, added.by) == (contracts.get("line-b"), "ada")
    assert added.load("training").label == "Output"
    assert added.load("outcomes").label == "Output"
    assert added.load("prediction").sensors == ("Temperature", "Pressure")


def test_a_changed_contract_is_another_version_and_the_first_one_stays(contracts: Contracts) -> None:
    before = contracts.add("line-b", files())
    after = contracts.add("line-b", files('{file_name: {form: "*.csv"}, silent_sensors: 0.5}'))

    assert after.digest != before.digest
    assert contracts.get("line-b") == after
    assert before.load("training").policy.silent_sensors == 0.25
    assert contracts.add("line-b", files()).digest == before.digest


def test_a_removed_contract_keeps_the_versions_that_runs_have(contracts: Contracts) -> None:
    had = contracts.add("line-b", files())

    contracts.remove("line-b")

    assert [each.name for each in contracts.all()] == [BUILT_IN]
    assert had.load("prediction").sensors
    with pytest.raises(ContractNotFound, match="There are field"):
        contracts.get("line-b")


@pytest.mark.parametrize("name", ["", "Line", "a/b", "..", "-a", "a" * 41, BUILT_IN, "production", "b-production"])
def test_a_name_that_cannot_be_used_is_refused(contracts: Contracts, name: str) -> None:
    with pytest.raises(ContractInvalid):
        contracts.add(name, files())
    assert len(contracts.all()) == 1


def test_schemas_about_different_sensors_are_refused(contracts: Contracts) -> None:
    other = schema({**SENSORS, "Flow": "float"})

    with pytest.raises(ContractInvalid, match="'Flow'"):
        contracts.add("line-b", ContractFiles.of(files().training, other, files().policy))


def test_the_built_in_contract_is_never_removed(contracts: Contracts) -> None:
    with pytest.raises(ContractInvalid, match="field"):
        contracts.remove(BUILT_IN)


def test_the_files_of_a_contract_are_refused_under_another_name(contracts: Contracts) -> None:
    (one, two) = (contracts.add(name, files()) for name in ("line-a", "line-b"))

    for schema, policy, name in (
        (*two.files("training").values(), "line-a"),
        (one.files("training")["schema"], two.files("training")["policy"], "line-a"),
        (*one.files("training").values(), BUILT_IN),
        ("", "", "line-a"),
    ):
        with pytest.raises(ContractInvalid, match=f"the run is of '{name}'"):
            load_contract("training", schema, policy, name)
