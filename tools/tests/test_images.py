"""Which images a change makes anew, over git histories made of this repository's own files."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from pipelines.images import ALL, STAGES
from tools.images.content import contents
from tools.images.lock import read_lock, references
from tools.images.tree import UnknownRevision, tree_at, working_tree
from tools.tests.repository import REGISTRY, ROOT, Repository, copy_of_this_one

pytestmark = pytest.mark.slow  # a git history for each change

EVERY = set(ALL)
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return copy_of_this_one(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def repository(first: Repository, tmp_path: Path) -> Repository:
    return first.clone(tmp_path / "clone")


def built(repository: Repository, *arguments: str) -> set[str]:
    return {name for name, step in repository.plan(*arguments).items() if step["build"]}


CHANGES = [
    ("clustering/stage.py", {"clustering"}),
    ("pred_pipeline/report.py", {"pred_pipeline", "engine"}),
    ("clustering/descriptor.py", {"clustering"}),
    ("pipelines/compiled/tasks.json", {"application"}),
    ("application/cli/app.py", {"application"}),
    ("pipelines/training.py", {"application"}),
    ("wafer/errors.py", EVERY),
    ("wafer/__init__.py", EVERY),
    ("wafer/registry/registry.py", {"load_prod_model", "pred_pipeline", "engine", "application"}),
    ("wafer/pyfunc.py", {"load_prod_model", "pred_pipeline", "engine", "application"}),
    ("wafer/documents/mongodb.py", {"db_operation_train", "load_prod_model", "application"}),
    ("model_training/learn.py", {"model_training", "engine"}),
    ("wafer/engine/__main__.py", {"engine"}),
    (
        "wafer/contract.yaml",
        {
            "engine",
            "raw_data_validation_train",
            "data_transformation_train",
            "db_operation_train",
            "preprocessing_train",
            "load_prod_model",
            "application",
        },
    ),
    ("Containerfile", EVERY),
    ("locks/model_training.txt", {"model_training"}),
]
IN_NO_IMAGE = [
    "clustering/tests/test_stage.py",
    "wafer/tests/test_contract.py",
    "tests/test_repository.py",
    "docs/operations.md",
    "README.md",
    "benchmarks/README.md",
    "terraform/modules/ecr/main.tf",
    "gitops/overlays/dev/new.yaml",
    "tools/images/plan.py",
    "wafer/nobody_imports_this_yet.py",
]


@pytest.mark.parametrize(("path", "built"), CHANGES, ids=[path for path, _ in CHANGES])
def test_a_change_builds_the_images_that_it_is_in_and_no_other(
    repository: Repository, path: str, built: set[str]
) -> None:
    repository.append(path, "\nchanged==1\n" if path.startswith("locks/") else "\n# changed\n")
    repository.commit()

    plan = repository.plan("--since", "HEAD~1")

    assert {name for name, step in plan.items() if step["build"]} == built
    assert {tuple(step["why"]) for step in plan.values() if step["build"]} == {(path,)}


def test_changes_of_what_is_in_no_image_build_none(repository: Repository) -> None:
    for path in IN_NO_IMAGE:
        repository.append(path)
    repository.commit()

    plan = repository.plan("--since", "HEAD~1")

    assert {name: step["why"] for name, step in plan.items() if step["build"]} == {}


def test_a_change_that_is_not_committed_counts_too(repository: Repository) -> None:
    repository.append("clustering/elbow.py")

    assert built(repository, "--since", "HEAD") == {"clustering"}


def test_a_late_import_in_a_function_brings_its_module_into_the_image(repository: Repository) -> None:
    repository.append("clustering/stage.py", "\n\ndef _late() -> None:\n    from wafer import registry\n")
    repository.commit()
    repository.append("wafer/registry/registry.py")
    repository.commit()

    assert "clustering" in built(repository, "--since", "HEAD~1")


def test_a_module_of_a_module_of_a_module_counts(repository: Repository) -> None:
    repository.append("wafer/deep.py", "VALUE = 1\n")
    repository.append("wafer/middle.py", "from wafer.deep import VALUE\n")
    repository.append("preprocessing_train/learn.py", "\nfrom wafer import middle\n")
    repository.commit()
    repository.append("wafer/deep.py", "OTHER = 2\n")
    repository.commit()

    assert built(repository, "--since", "HEAD~1") == {"preprocessing_train", "engine"}


def test_a_removed_or_renamed_file_is_a_change(repository: Repository) -> None:
    repository.git("mv", "clustering/elbow.py", "clustering/knee.py")
    repository.commit()

    step = repository.plan("--since", "HEAD~1")["clustering"]

    assert step["why"] == ["clustering/elbow.py", "clustering/knee.py"]


def test_a_dependency_of_another_image_builds_none(repository: Repository) -> None:
    lock = repository.root / "locks" / "clustering.txt"
    first_line, rest = lock.read_text().split("\n", 1)
    lock.write_text(f"{first_line}0\n{rest}")
    repository.commit()

    assert built(repository, "--since", "HEAD~1") == set()


def test_a_new_recipe_of_the_base_builds_all_and_another_line_of_the_script_none(repository: Repository) -> None:
    script = repository.root / ".ci" / "images"
    script.write_text(script.read_text().replace("say() {", "say () {"))
    repository.commit()
    script.write_text(script.read_text().replace("--include=python3,", "--include=python3,less,"))
    repository.commit()

    assert built(repository, "--since", "HEAD~1") == EVERY
    repository.git("checkout", "--quiet", "HEAD~1")
    assert built(repository, "--since", "HEAD~1") == set()


def test_another_suite_of_the_base_builds_all(repository: Repository) -> None:
    script = repository.root / ".ci" / "images"
    script.write_text(script.read_text().replace("suite=bookworm", "suite=trixie"))

    assert built(repository, "--since", "HEAD") == EVERY


def test_what_git_ignores_is_in_no_image(repository: Repository, tmp_path: Path) -> None:
    podman = tmp_path / "bin" / "podman"
    podman.parent.mkdir()
    podman.write_text('#!/bin/sh\n[ "$1" = build ] || exit 0\nfor last; do :; done\nfind "$last" -type f > "$LISTED"\n')
    podman.chmod(0o755)
    repository.append(".gitignore", "\nclustering/data.csv\n")
    repository.append("clustering/data.csv", "secret")
    repository.append("clustering/new.py", "")
    (repository.root / "clustering" / "elbow.py").unlink()
    settings = {"BASE_IMAGE": "base", "UV_IMAGE": "uv", "LISTED": str(tmp_path / "listed"), "UV_DEFAULT_INDEX": "index"}
    settings |= {"PATH": f"{podman.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    done = subprocess.run(["bash", ".ci/images", "clustering"], cwd=repository.root, env=settings, capture_output=True)

    sent = (tmp_path / "listed").read_text()
    assert done.returncode == 0, done.stderr
    assert "clustering/new.py" in sent
    assert "clustering/stage.py" in sent
    assert "data.csv" not in sent
    assert "clustering/elbow.py" not in sent


def test_the_way_back_is_the_same_tag_again(repository: Repository) -> None:
    before = repository.plan()["clustering"]["tag"]
    repository.append("clustering/stage.py")
    repository.commit()

    changed = repository.plan()["clustering"]["tag"]
    repository.git("revert", "--no-edit", "HEAD")

    assert changed != before
    assert repository.plan()["clustering"]["tag"] == before


def push(repository: Repository, *names: str) -> None:
    """Write into the lock what a push would have answered."""
    answer = repository.root / "answer.json"
    answer.write_text(json.dumps({name: f"{REGISTRY}/{name}@{DIGEST}" for name in names}))
    repository.images("record", "--registry", REGISTRY, str(answer))
    answer.unlink()


def test_what_the_registry_holds_is_not_built_and_is_named_by_digest(repository: Repository) -> None:
    push(repository, *ALL)

    plan = repository.plan("--registry", REGISTRY)

    assert not any(step["build"] for step in plan.values())
    assert {step["reference"] for step in plan.values()} == {f"{REGISTRY}/{name}@{DIGEST}" for name in ALL}


def test_another_registry_holds_nothing(repository: Repository) -> None:
    push(repository, *ALL)

    assert built(repository, "--registry", "registry.example/wafer-fault-prod") == EVERY


def test_against_the_lock_every_commit_since_the_push_counts_and_is_named(repository: Repository) -> None:
    push(repository, *ALL)
    for path in ("clustering/stage.py", "docs/operations.md", "clustering/elbow.py"):
        repository.append(path)
        repository.commit()

    plan = repository.plan("--registry", REGISTRY)

    assert {name for name, step in plan.items() if step["build"]} == {"clustering"}
    assert plan["clustering"]["why"] == ["clustering/elbow.py", "clustering/stage.py"]
    assert plan["clustering"]["reference"] == f"{REGISTRY}/clustering:{plan['clustering']['tag']}"


def test_a_push_of_some_leaves_what_is_known_of_the_others(repository: Repository) -> None:
    push(repository, *ALL)
    repository.append("clustering/stage.py")
    repository.commit()

    push(repository, "clustering")

    assert built(repository, "--registry", REGISTRY) == set()
    assert read_lock(repository.root / "images.lock", REGISTRY).keys() == EVERY


def test_a_clone_too_shallow_to_say_which_file_still_builds_what_differs(
    repository: Repository, tmp_path: Path
) -> None:
    push(repository, *ALL)
    repository.append("clustering/stage.py")
    repository.commit()
    Repository(repository.root).git(
        "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(tmp_path / "shallow")
    )

    plan = Repository(tmp_path / "shallow").plan("--registry", REGISTRY)

    assert {name for name, step in plan.items() if step["build"]} == {"clustering"}
    assert "differs from what was built at" in plan["clustering"]["why"][0]


def test_an_update_of_the_base_image_builds_all(repository: Repository) -> None:
    push(repository, *ALL)

    assert built(repository, "--registry", REGISTRY, "--all") == EVERY


def test_the_table_says_what_is_built_and_why(repository: Repository) -> None:
    repository.append("clustering/stage.py")

    rows = {line.split()[0]: line.split() for line in repository.images("plan", "--since", "HEAD").splitlines()}

    assert rows["clustering"][2:] == ["yes", "clustering/stage.py"]
    assert rows["application"][2:] == ["-"]


def test_an_unknown_revision_is_told_so(first: Repository) -> None:
    with pytest.raises(UnknownRevision, match="no-such-branch"):
        tree_at(first.root, "no-such-branch")


def test_the_packages_take_their_images_from_the_lock(repository: Repository) -> None:
    push(repository, *ALL)

    found = references(repository.root / "images.lock", REGISTRY)

    assert found["clustering"] == f"{REGISTRY}/clustering@{DIGEST}"
    assert found.keys() == EVERY


def test_every_image_is_made_of_its_folder_its_lock_and_no_test() -> None:
    found = contents(working_tree(ROOT))

    for stage in STAGES:
        assert {f"{stage}/stage.py", f"{stage}/component.py", f"locks/{stage}.txt", "Containerfile"} <= set(
            found[stage].files
        )
        others = {path.split("/")[0] for path in found[stage].files if path.endswith(".py")}
        assert others == {stage, "wafer"}
    assert not [path for each in found.values() for path in each.files if "/tests/" in path]


def test_every_image_has_a_bill_of_the_packages_in_its_lock(first: Repository, tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion  # takes seconds, here and not in every collection of tests
    from cyclonedx.validation.json import JsonStrictValidator

    first.images("sbom", str(tmp_path))

    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.cdx.json" for name in ALL}
    for name, step in first.plan().items():
        bill = json.loads((tmp_path / f"{name}.cdx.json").read_text())
        locked = re.findall(r"^([a-z0-9][\w.-]*)==", (first.root / "locks" / f"{name}.txt").read_text(), re.MULTILINE)
        assert {each["name"] for each in bill["components"]} == set(locked)
        assert all(each.get("version") for each in bill["components"])
        assert bill["metadata"]["component"]["version"] == step["tag"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str((tmp_path / "clustering.cdx.json").read_text()) is None
