"""The Jenkinsfile, run over real git histories: plan, record, render and the deploying commit are the real commands.

Only podman (`.ci/images`, `.ci/scan`), the gate (`.ci/run`) and promotion (`.ci/promote`) are stood in for.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipelines.images import ALL
from tests.jenkins.fakes import GATE, IMAGES, PROMOTE, SCAN, SETUP, SIGN
from tests.jenkins.maven import run_jenkinsfiles
from tools.gitops.platform import registry
from tools.tests.repository import ROOT, Repository, copy_of_this_one

pytestmark = pytest.mark.slow  # every case runs the job in a Java machine

PULL_REQUEST = {"CHANGE_ID": "7", "CHANGE_TARGET": "main", "BRANCH_NAME": "PR-7"}
MAIN = {"BRANCH_NAME": "main"}
TAG = {"BRANCH_NAME": "v1.2.3", "TAG_NAME": "v1.2.3", "PLATFORM_ENVIRONMENT": "prod"}


@dataclass(frozen=True)
class Case:
    """A change, how Jenkins came to it, and the images that have to be built and pushed."""

    changes: list[str]
    env: dict[str, str]
    built: set[str] = field(default_factory=set)
    pushed: set[str] = field(default_factory=set)
    params: dict[str, Any] = field(default_factory=dict)


BROKEN = {"FAILING_BUILD", "FAILING_SCAN", "FAILING_PUSH", "FAILING_GATE", "REFUSED"}
BEFORE = {*ALL[: ALL.index("model_training") + 1]}  # pushed one after the other until one fails
CASES = {
    "main, clustering": Case(["clustering/stage.py"], MAIN, {"clustering"}, {"clustering"}),
    "main, docs and tests": Case(["docs/operations.md", "tests/test_servers.py"], MAIN),
    "main, the shared library": Case(["wafer/errors.py"], MAIN, set(ALL), set(ALL)),
    "main, new base": Case(["README.md"], MAIN, set(ALL), set(ALL), {"REBUILD": True}),
    "pull request, two stages": Case(
        ["clustering/stage.py", "pred_pipeline/report.py"], PULL_REQUEST, {"clustering", "pred_pipeline", "engine"}
    ),
    "pull request, docs": Case(["docs/model.md"], PULL_REQUEST),
    "another branch": Case(["clustering/stage.py"], {"BRANCH_NAME": "try"}, {"clustering"}),
    "a build fails": Case(["wafer/errors.py"], MAIN | {"FAILING_BUILD": "clustering"}),
    "a scan fails": Case(["clustering/stage.py"], MAIN | {"FAILING_SCAN": "clustering"}, {"clustering"}),
    "a push fails": Case(["wafer/errors.py"], MAIN | {"FAILING_PUSH": "model_training"}, set(ALL), BEFORE),
    "the gate fails": Case(["clustering/stage.py"], MAIN | {"FAILING_GATE": "1"}),
    "a tag, approved": Case(["clustering/stage.py"], TAG),
    "a tag, refused": Case(["clustering/stage.py"], TAG | {"REFUSED": "1"}),
    "main, on the machine of prod": Case(["clustering/stage.py"], MAIN | {"PLATFORM_ENVIRONMENT": "prod"}),
}


@dataclass(frozen=True)
class Job:
    """What a run of the job did."""

    failure: str | None
    stages: list[str]
    commands: list[str]
    journal: list[list[str]]
    repository: Repository
    origin: Repository
    started_at: str

    def named(self, verb: str) -> set[str]:
        return {line[1] for line in self.journal if line[0] == verb}

    def deployed(self) -> list[str]:
        """Subjects of what reached the branch main of origin beyond the change itself."""
        return self.origin.git("log", "--format=%s", f"{self.started_at}..main").splitlines()


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    scratch = tmp_path_factory.mktemp("jenkins")
    first = _with_everything_pushed(scratch)
    prepared = {
        name: _prepare(first, case, scratch / f"case-{number}") for number, (name, case) in enumerate(CASES.items())
    }
    cases = [_as_json(name, CASES[name], prepared[name], scratch) for name in CASES]
    results = run_jenkinsfiles(scratch, cases)
    return {name: _job(results[name], *prepared[name], scratch) for name in CASES}


def _with_everything_pushed(scratch: Path) -> Repository:
    repository = copy_of_this_one(scratch / "first")
    for path, text in (
        (".ci/images", IMAGES),
        (".ci/scan", SCAN),
        (".ci/run", GATE),
        (".ci/promote", PROMOTE),
        (".ci/sign", SIGN),
        (".ci/setup", SETUP),
    ):
        (repository.root / path).write_text(text)
    (repository.root / ".git" / "info" / "exclude").write_text(".venv\nbuild/\n")
    repository.commit("stand-ins")
    registry = _here(repository, "tools.gitops", "registry", "dev").strip()
    answer = repository.root / ".git" / "answer.json"
    answer.write_text(json.dumps({name: f"{registry}/{name}@sha256:{'0' * 64}" for name in ALL}))
    _here(repository, "tools.images", "--lock", "gitops/images.lock", "record", "--registry", registry, str(answer))
    _here(repository, "tools.gitops", "render", "dev")
    repository.commit("everything was pushed")
    return repository


def _here(repository: Repository, *arguments: str) -> str:
    command = [str(ROOT / ".venv" / "bin" / "python"), "-m", arguments[0], *arguments[1:]]
    return subprocess.run(command, cwd=repository.root, check=True, capture_output=True, text=True).stdout


def _prepare(first: Repository, case: Case, folder: Path) -> tuple[Repository, Repository, str]:
    """The job's checkout, its origin, and the commit that the origin's main is at."""
    first.git("clone", "--quiet", "--bare", str(first.root), str(folder / "origin.git"))
    origin = Repository(folder / "origin.git")
    repository = origin.clone(folder / "workspace")
    (repository.root / ".venv").symlink_to(ROOT / ".venv")
    (repository.root / ".git" / "info" / "exclude").write_text(".venv\nbuild/\n")
    for path in case.changes:
        repository.append(path)
    repository.commit("the change")
    (folder / "journal").touch()
    if "CHANGE_ID" not in case.env and case.env["BRANCH_NAME"] == "main":
        repository.git("push", "--quiet", "origin", "main")
    return repository, origin, origin.git("rev-parse", "main")


def _as_json(name: str, case: Case, prepared: tuple[Repository, Repository, str], scratch: Path) -> dict[str, Any]:
    repository = prepared[0].root
    env = case.env | {"JOURNAL": str(repository.parent / "journal")}
    return {"name": name, "script": "Jenkinsfile", "repository": str(repository), "env": env, "params": case.params}


def _job(result: dict[str, Any], repository: Repository, origin: Repository, commit: str, scratch: Path) -> Job:
    journal = (repository.root.parent / "journal").read_text().splitlines()
    return Job(
        result["failure"],
        result["stages"],
        result["commands"],
        [line.split() for line in journal],
        repository,
        origin,
        commit,
    )


@pytest.mark.parametrize("name", CASES)
def test_exactly_the_images_of_the_change_are_built_and_pushed(jobs: dict[str, Job], name: str) -> None:
    job, case = jobs[name], CASES[name]

    if "FAILING_BUILD" not in case.env:
        assert job.named("build") == case.built
    assert job.named("push") == case.pushed
    assert (job.failure is not None) == any(key in BROKEN for key in case.env), job.failure


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if "CHANGE_ID" in case.env or "try" in case.env.values()]
)
def test_nothing_is_pushed_or_deployed_from_a_pull_request_or_another_branch(jobs: dict[str, Job], name: str) -> None:
    job = jobs[name]

    assert not job.named("push")
    assert not {"Push", "Deploy"} & set(job.stages)
    assert job.origin.git("rev-parse", "main") == job.repository.git("rev-parse", "origin/main")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if any(key in BROKEN for key in case.env)])
def test_a_failure_fails_the_job_and_deploys_nothing(jobs: dict[str, Job], name: str) -> None:
    job = jobs[name]

    assert job.failure
    assert "Deploy" not in job.stages
    assert job.deployed() == []


def test_a_failing_build_stops_before_the_next_image_and_before_any_push(jobs: dict[str, Job]) -> None:
    job = jobs["a build fails"]

    assert [line[1] for line in job.journal if line[0] == "build"][-1] == "clustering"
    assert not job.named("push")


def test_an_image_is_scanned_before_it_is_pushed_and_then_signed(jobs: dict[str, Job]) -> None:
    journal = [line[:2] for line in jobs["main, clustering"].journal]

    assert journal == [
        ["gate"],
        *([verb, "clustering"] for verb in ("build", "scan", "push", "sign")),
    ]
    assert jobs["a scan fails"].named("push") == set()


def test_what_was_pushed_is_one_commit_to_gitops_by_digest(jobs: dict[str, Job]) -> None:
    job = jobs["main, clustering"]

    assert job.deployed() == ["Deploy to dev"]
    changed = set(job.origin.git("diff", "--name-only", f"{job.started_at}..main").splitlines())
    assert changed == {"gitops/images.lock", "gitops/overlays/dev/pipelines/train.yaml", "gitops/overlays/dev/revision"}
    tag = next(line[2] for line in job.journal if line[0] == "push")
    lock = json.loads(job.origin.git("show", "main:gitops/images.lock"))
    pushed = lock[registry(ROOT, "dev")]["clustering"]
    assert pushed["tag"] == tag
    assert pushed["digest"] in job.origin.git("show", "main:gitops/overlays/dev/pipelines/train.yaml")


def test_a_rebuild_on_a_newer_base_is_pushed_under_tags_of_its_own(jobs: dict[str, Job]) -> None:
    usual, again = jobs["main, the shared library"], jobs["main, new base"]

    pushed = {line[2] for line in again.journal if line[0] == "push"}
    lock = json.loads(again.origin.git("show", "main:gitops/images.lock"))[registry(ROOT, "dev")]
    assert all(len(tag.split("-")) == 3 for tag in pushed)
    assert {each["tag"] for each in lock.values()} == pushed
    assert all(len(line[2].split("-")) == 2 for line in usual.journal if line[0] == "push")


def test_a_tag_is_promoted_once_somebody_agreed_and_nothing_is_built_for_production(jobs: dict[str, Job]) -> None:
    approved, refused = jobs["a tag, approved"], jobs["a tag, refused"]

    assert approved.stages == ["Promote"]
    assert approved.commands == ["input Deploy v1.2.3 to prod?", "make -s setup && .ci/promote dev prod"]
    assert approved.journal == [["promote", "dev", "prod"]]
    assert refused.journal == []
    assert jobs["main, on the machine of prod"].stages == ["Gate"]


def test_a_change_without_an_image_deploys_nothing(jobs: dict[str, Job]) -> None:
    assert jobs["main, docs and tests"].deployed() == []


def test_no_tag_moves_and_no_key_is_used(jobs: dict[str, Job]) -> None:
    tags = {line[2] for job in jobs.values() for line in job.journal if line[0] in {"build", "push"}}

    assert all(len(tag.split("-")[-1]) == 16 for tag in tags)
    source = (ROOT / "Jenkinsfile").read_text()
    assert "latest" not in source
    assert "AWS_ACCESS_KEY" not in source


def test_the_table_of_what_each_change_did(
    jobs: dict[str, Job], record_property: Callable[[str, object], None]
) -> None:
    lines = [f"{'change':<28} {'built':<46} {'pushed':<8} {'deployed':<9} job"]
    for name, job in jobs.items():
        built, pushed = job.named("build"), job.named("push")
        shown = "all" if built == set(ALL) else ", ".join(sorted(built)) or "-"
        state = "failed" if job.failure else "succeeded"
        lines.append(f"{name:<28} {shown:<46.46} {len(pushed):<8} {len(job.deployed()):<9} {state}")
    table = "\n".join(lines)
    record_property("table", table)
    if folder := os.environ.get("WAFER_TEST_TABLES"):
        (Path(folder) / "jenkins.txt").write_text(table + "\n")
    assert len(lines) == len(CASES) + 1
