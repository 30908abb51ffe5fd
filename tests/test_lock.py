"""The lock is complete on every machine that the project is made for, told by the packages' own metadata, offline."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
SYSTEMS = {
    "macos-arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    "linux-x86": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "linux-arm": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
}
MACHINES = [
    pytest.param(system | {"python_version": python, "python_full_version": f"{python}.0"}, id=f"{name}-{python}")
    for (name, system), python in product(SYSTEMS.items(), ("3.11", "3.12", "3.13"))
]
Machine = dict[str, str]


@cache
def locked() -> list[Requirement]:
    lines = re.findall(r"^[a-z0-9][^\\\n#]*==[^\\\n]*", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Requirement(line) for line in lines]


def chosen(machine: Machine) -> dict[str, str]:
    """Package -> its version on a machine."""
    found: dict[str, str] = {}
    for each in locked():
        if each.marker is None or each.marker.evaluate(machine):
            assert each.name not in found, f"{each.name} is there twice"
            found[each.name] = str(each.specifier).removeprefix("==")
    return found


@cache
def needed(package: str) -> list[Requirement]:
    """What an installed package says that it needs; nothing of one that is for another system."""
    try:
        return [Requirement(line) for line in requires(package) or []]
    except PackageNotFoundError:
        return []


@pytest.mark.parametrize("machine", MACHINES)
def test_every_package_finds_what_it_needs(machine: Machine) -> None:
    versions = chosen(machine)

    lacking = [
        f"{package} needs {each}"
        for package in versions
        for each in needed(package)
        if each.marker is None or each.marker.evaluate({**machine, "extra": ""})
        if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0"), prereleases=True)
        or canonicalize_name(each.name) not in versions
    ]

    assert lacking == []


@pytest.mark.parametrize("machine", MACHINES)
def test_xgboost_is_the_small_build_where_there_is_one(machine: Machine) -> None:
    expected = {"xgboost"} if machine["sys_platform"] == "darwin" else {"xgboost-cpu"}

    assert {name for name in chosen(machine) if name.startswith(("xgboost", "nvidia"))} == expected
