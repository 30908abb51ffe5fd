"""The jobs that Jenkins is given, and what those of Terraform do after each outcome of a plan."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.jenkins.maven import run_jenkinsfiles
from tools.tests.repository import ROOT

pytestmark = pytest.mark.slow  # a Java machine

SCRIPT = """#!/usr/bin/env bash
[[ $1 != plan ]] || exit "${PLANNED:-0}"
[[ -z ${FAILING_APPLY:-} ]]
"""
JOB, DRIFT = "terraform/Jenkinsfile", "terraform/drift.Jenkinsfile"
MAIN = {"BRANCH_NAME": "main", "PLATFORM_ENVIRONMENT": "dev"}
PULL_REQUEST = MAIN | {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "main"}
PLAN, ASK, APPLY = ".ci/terraform plan dev", "input Apply the plan in plan.txt?", ".ci/terraform apply dev"
CASES: dict[str, tuple[str, dict[str, str], list[str], bool]] = {  # Jenkinsfile, environment, what is done, is it well
    "pull request with changes": (JOB, PULL_REQUEST | {"PLANNED": "2"}, [PLAN], True),
    "another branch with changes": (JOB, MAIN | {"BRANCH_NAME": "try", "PLANNED": "2"}, [PLAN], True),
    "main without changes": (JOB, MAIN, [PLAN], True),
    "main, approved": (JOB, MAIN | {"PLANNED": "2"}, [PLAN, ASK, APPLY], True),
    "main, refused": (JOB, MAIN | {"PLANNED": "2", "REFUSED": "1"}, [PLAN, ASK], False),
    "main, the apply fails": (JOB, MAIN | {"PLANNED": "2", "FAILING_APPLY": "1"}, [PLAN, ASK, APPLY], False),
    "main, no plan": (JOB, MAIN | {"PLANNED": "1"}, [PLAN], False),
    "no drift": (DRIFT, MAIN, [PLAN], True),
    "drift": (DRIFT, MAIN | {"PLANNED": "2"}, [PLAN], False),
    "drift unknown": (DRIFT, MAIN | {"PLANNED": "1"}, [PLAN], False),
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    scratch = tmp_path_factory.mktemp("terraform-jobs")
    repository = _repository(scratch / "repository")
    cases = [
        {"name": name, "script": script, "repository": str(repository), "env": env, "params": {}}
        for name, (script, env, _, _) in CASES.items()
    ]
    shutil.copy(ROOT / "terraform/modules/jenkins/jobs.groovy", scratch / "jobs.groovy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_REPOSITORY", "fab/wafer-fault")
        return run_jenkinsfiles(scratch, cases, f"-Djobs={scratch / 'jobs.groovy'}") | _declared(scratch)


def _declared(scratch: Path) -> dict[str, dict[str, Any]]:
    made = json.loads((scratch / "jobs.groovy.json").read_text())
    return {f"job {each['arguments'][0]}": each for each in made}


def _repository(folder: Path) -> Path:
    for name in (JOB, DRIFT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    script = folder / ".ci" / "terraform"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    script.chmod(0o755)
    return folder


@pytest.mark.parametrize("name", CASES)
def test_only_an_approved_plan_of_main_is_applied_and_drift_fails(done: dict[str, dict[str, Any]], name: str) -> None:
    _, _, commands, well = CASES[name]

    assert done[name]["commands"] == commands
    assert (done[name]["failure"] is None) == well, done[name]["failure"]


def test_the_jobs_know_pull_requests_of_the_repository_and_no_forks(done: dict[str, dict[str, Any]]) -> None:
    jobs = {name.removeprefix("job "): each for name, each in done.items() if name.startswith("job ")}

    kinds = {name: each["name"] for name, each in jobs.items()}
    assert kinds == {
        "wafer-fault": "multibranchPipelineJob",
        "wafer-fault-terraform": "multibranchPipelineJob",
        "wafer-fault-drift": "pipelineJob",
    }
    for name in ("wafer-fault", "wafer-fault-terraform"):
        calls = dict(_calls(jobs[name]))
        assert (calls["repoOwner"], calls["repository"]) == (["fab"], ["wafer-fault"])
        assert {"gitHubBranchDiscovery", "gitHubPullRequestDiscovery", "gitHubTagDiscovery"} <= calls.keys()
        assert "gitHubForkDiscovery" not in calls
    scripts = [dict(_calls(job))["scriptPath"][0] for job in jobs.values()]
    assert scripts == ["Jenkinsfile", JOB, DRIFT]
    assert all((ROOT / script).is_file() for script in scripts)


def _calls(call: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield call["name"], call["arguments"]
    for each in call["inside"]:
        yield from _calls(each)
