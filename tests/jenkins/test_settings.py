"""Jenkins itself as files: plugins and settings of terraform/modules/jenkins."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tools.tests.repository import ROOT

FILES = ROOT / "terraform" / "modules" / "jenkins"
STEPS = {  # step or section -> plugin that brings it
    "pipeline {": "workflow-aggregator",
    "readJSON(": "pipeline-utility-steps",
    "withCredentials(": "credentials-binding",
    "gitUsernamePassword(": "git",
    "input(": "pipeline-input-step",
    "env.CHANGE_ID": "github-branch-source",
}


def plugins() -> dict[str, str]:
    return dict(line.split(":") for line in (FILES / "plugins.txt").read_text().split())


def test_every_plugin_is_there_for_something_and_has_one_version() -> None:
    text = "\n".join((ROOT / name).read_text() for name in ("Jenkinsfile", "terraform/Jenkinsfile"))
    needed = {plugin for step, plugin in STEPS.items() if step in text}

    found = plugins()

    assert needed == set(STEPS.values())
    assert found.keys() - needed == {"configuration-as-code", "job-dsl", "aws-secrets-manager-secret-source"}
    assert all(re.fullmatch(r"[\w.]+", version) and version[0].isdigit() for version in found.values())


def test_the_settings_hold_no_password_and_let_nobody_in_without_one() -> None:
    settings = yaml.safe_load((FILES / "jenkins.yaml").read_text())

    secrets = [each for each in _leaves(settings) if "password" in each[0]]
    assert sorted(value for _, value in secrets) == ["${ADMIN}", "${GIT}"]
    assert settings["jenkins"]["authorizationStrategy"] == {"loggedInUsersCanDoAnything": {"allowAnonymousRead": False}}
    assert settings["jenkins"]["securityRealm"]["local"]["allowsSignup"] is False
    (credential,) = settings["credentials"]["system"]["domainCredentials"][0]["credentials"]
    used = set(re.findall(r"credentialsId: '(\w+)'", (ROOT / "Jenkinsfile").read_text()))
    assert {credential["usernamePassword"]["id"]} == used


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, path)
    else:
        yield path, str(value)
