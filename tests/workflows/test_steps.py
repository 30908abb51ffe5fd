"""The workflows' steps, run in order on this machine: `runner.py` says what is real and what is replaced."""

from pathlib import Path

import pytest

from tests.workflows.runner import Job, workflow
from tools.tests.repository import Repository, copy_of_this_one

pytestmark = pytest.mark.slow  # clones, and every job sets itself up
MAIN = {"github.ref": "refs/heads/main", "github.ref_name": "main", "github.event_name": "push"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """This repository as it is, a tag of its version, and a change of one stage after it."""
    repository = copy_of_this_one(tmp_path_factory.mktemp("origin"))
    version = next(
        line for line in (repository.root / "pyproject.toml").read_text().splitlines() if "version =" in line
    )
    repository.git("tag", f"v{version.split()[-1].strip(chr(34))}")
    repository.append("clustering/stage.py")
    repository.commit("A change")
    return repository


def job(folder: Path, origin: Repository, name: str, of: str, **contexts: str) -> Job:
    given = {key.replace("__", "."): value for key, value in contexts.items()}
    sha = {"github.sha": origin.git("rev-parse", given.get("github.ref_name", "HEAD"))}
    return Job(folder / "job", origin, workflow(of), name, MAIN | given | sha)


def environment(asked: list[str]) -> dict[str, str]:
    """What the recorded script was given."""
    return dict(line.strip().split("=", 1) for line in asked if line.startswith("  ") and "=" in line)


def test_a_pull_request_is_told_what_it_builds_and_passes_the_gate(tmp_path: Path, origin: Repository) -> None:
    base = origin.git("rev-parse", "HEAD~1")
    pull_request = {"github__event_name": "pull_request", "github__event__pull_request__base__sha": base}
    run = job(tmp_path, origin, "run", "ci", **pull_request)

    run.run()

    told = (run.folder / "summary").read_text()
    assert "clustering" in told
    assert run.steps[-1] == ".ci/run"
    given = environment(run.asked)
    assert given["CI"] == "true"  # sudo gives nothing on that is not named
    assert given["PATH"] == run.environment["PATH"]
    assert "GITHUB_WORKSPACE" not in given
    assert run.asked[-1] == str(run.folder / "terraform/terraform")


def test_a_push_to_main_passes_the_gate_without_a_plan(tmp_path: Path, origin: Repository) -> None:
    run = job(tmp_path, origin, "run", "ci")

    run.run()

    assert "What this change builds" not in run.steps
    assert run.asked[0] == "script run "


def test_a_plan_that_fails_fails_its_step(tmp_path: Path, origin: Repository) -> None:
    pull_request = {"github__event_name": "pull_request", "github__event__pull_request__base__sha": "0" * 40}

    with pytest.raises(AssertionError, match="What this change builds"):
        job(tmp_path, origin, "run", "ci", **pull_request).run()


def test_a_release_has_its_packages_and_bills_and_only_under_its_own_version(
    tmp_path: Path, origin: Repository
) -> None:
    tag = origin.git("tag")
    build = job(tmp_path, origin, "build", "release", github__ref_name=tag)

    build.run()

    made = {path.name for path in (build.workspace / "build/release").iterdir()}
    assert {"train.yaml", "predict.yaml", "outcomes.yaml"} <= made
    assert any("clustering" in name and name.endswith(".json") for name in made)
    origin.git("tag", "v99.0.0")
    try:
        with pytest.raises(AssertionError, match="The tag is the version"):
            job(tmp_path / "other", origin, "build", "release", github__ref_name="v99.0.0").run()
    finally:
        origin.git("tag", "--delete", "v99.0.0")


def test_packages_are_copied_to_the_store_of_their_environment_and_to_no_other(
    tmp_path: Path, origin: Repository
) -> None:
    dev = {"matrix__environment": "dev", "matrix__store": "s3://store-of-dev"}
    dev |= {"matrix__role": "role", "matrix__region": "eu-west-1"}
    nowhere = {"matrix__environment": "prod", "matrix__store": "", "matrix__role": "", "matrix__region": ""}
    run = job(tmp_path, origin, "packages", "sync", **dev)
    idle = job(tmp_path / "idle", origin, "packages", "sync", **nowhere)

    run.run()
    idle.run()

    calls = [line for line in run.asked if line.startswith(("aws", "script"))]
    copied = "aws s3 sync --only-show-errors --delete build/packages s3://store-of-dev/pipelines"
    assert calls == ["script sync dev", copied]
    assert idle.steps == []


def test_a_promotion_logs_in_to_both_registries_first(tmp_path: Path, origin: Repository) -> None:
    tag = origin.git("tag")
    contexts = {"github__ref_name": tag, "github__ref_type": "tag", "github__token": "token"}
    contexts |= {"vars__PROMOTE_ROLE_ARN_PROD": "role", "vars__AWS_REGION_PROD": "eu-central-1"}
    contexts |= {"vars__COSIGN_SOURCE_KEY": "awskms:///alias/key"}
    run = job(tmp_path, origin, "prod", "promote", **contexts)

    run.run()

    logins = [line.split()[0] for line in run.asked if " login " in line]
    assert logins == ["skopeo", "cosign", "skopeo", "cosign"]
    assert "script promote dev prod" in run.asked
    given = environment(run.asked)
    assert (given["GH_TOKEN"], given["COSIGN_SOURCE_KEY"]) == ("token", "awskms:///alias/key")
    assert given["AWS_REGION"] == "eu-central-1"
