"""What the Containerfile and what lies around it promise before anything is built."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from pipelines.images import SHARED, STAGES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
SCRIPT = (ROOT / ".ci" / "images").read_text(encoding="utf-8")


def instructions(text: str = TEXT) -> list[tuple[str, str]]:
    """(instruction, its arguments on one line), in order, without comments."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = [line for line in re.sub(r"\\\n\s*", " ", lines).splitlines() if line.strip()]
    return [(name.upper(), rest.strip()) for name, _, rest in (line.strip().partition(" ") for line in joined)]


def build_stages() -> dict[str, list[tuple[str, str]]]:
    """Build stage -> its instructions and those of the build stages of this file that it starts from."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for instruction, rest in instructions():
        if instruction == "FROM":
            start, name = re.split(r"\s+AS\s+", rest)
            found[name] = list(found.get(start, []))
        elif name:
            found[name].append((instruction, rest))
    return found


def given(target: str, instruction: str) -> list[str]:
    return [rest for name, rest in build_stages()[target] if name == instruction]


@pytest.mark.parametrize("target", ["stage", "application", "engine"])
def test_an_image_ends_as_a_numeric_user_that_is_not_root(target: str) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", given(target, "USER")[-1])


@pytest.mark.parametrize("target", ["stage", "application", "engine"])
def test_no_shell_stands_between_the_container_and_its_program(target: str) -> None:
    for instruction in ("ENTRYPOINT", "CMD"):
        assert all(isinstance(word, str) for word in json.loads(given(target, instruction)[-1]))


@pytest.mark.parametrize("target", ["stage", "application", "engine"])
def test_dependencies_are_locked_hashed_and_in_a_layer_before_the_source(target: str) -> None:
    layers = [(name, rest) for name, rest in build_stages()[target] if name in {"COPY", "RUN"}]

    installs = [number for number, (_, rest) in enumerate(layers) if "pip install" in rest]
    sources = [number for number, (name, rest) in enumerate(layers) if name == "COPY" and not rest.startswith("locks/")]

    assert len(installs) == 2
    assert all("--require-hashes" in layers[number][1] for number in installs)
    assert max(installs) < min(sources)


@pytest.mark.parametrize("stage", STAGES)
def test_the_layer_that_all_images_share_installs_nothing_a_stage_does_not_need(stage: str) -> None:
    pins = re.compile(r"^[a-z0-9].*==.*$", re.MULTILINE)
    shared = (ROOT / "locks" / "stage.txt").read_text()

    assert "locks/stage.txt" in given("common", "COPY")[0]
    assert set(pins.findall(shared)) <= set(pins.findall((ROOT / "locks" / f"{stage}.txt").read_text()))


def test_what_installs_is_never_copied_into_an_image() -> None:
    copied = [rest for name, rest in instructions() if name in {"COPY", "ADD"}]

    assert not [rest for rest in copied if "--from" in rest]
    assert not [name for name, _ in instructions() if name == "ADD"]


def test_a_stage_image_gets_its_own_folder_and_the_library() -> None:
    assert [rest.split()[0] for rest in given("stage", "COPY")] == [
        "locks/stage.txt",
        "locks/${STAGE}.txt",
        "wafer",
        "${STAGE}",
    ]


def test_the_workers_image_gets_every_stage_that_gives_units_away() -> None:
    found = {path.parent.name for path in ROOT.glob("*/component.py") if "open_engine" in path.read_text()}

    assert found == set(SHARED)
    assert {rest.split()[0] for rest in given("engine", "COPY")[2:]} == {"wafer", *SHARED}


def test_secrets_come_as_secrets_and_not_as_arguments_or_environment() -> None:
    told = " ".join(rest for name, rest in instructions() if name in {"ARG", "ENV", "LABEL"})

    assert not re.search(r"(?i)secret|token|password|credential|_key|index|proxy", told)


@pytest.mark.parametrize("target", ["stage", "application", "engine"])
def test_an_image_says_what_it_is_and_which_commit_it_was_made_of(target: str) -> None:
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", " ".join(given(target, "LABEL"))))

    assert {"title", "description", "version", "revision"} <= labels


def test_only_the_application_has_a_health_check_and_it_asks_healthz() -> None:
    assert "/healthz" in given("application", "HEALTHCHECK")[0]
    assert not given("stage", "HEALTHCHECK")


def test_no_test_reaches_a_build() -> None:
    ignored = (ROOT / ".containerignore").read_text().splitlines()

    assert ignored.index("**/tests") > max(number for number, line in enumerate(ignored) if line.startswith("!"))


def test_make_images_takes_the_names_of_images() -> None:
    command = ["make", "--dry-run", "images", "ARGS=clustering model_training"]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # `make test` sets them
    printed = subprocess.run(command, cwd=ROOT, env=ours, check=True, capture_output=True, text=True).stdout

    assert printed.splitlines()[-1].split()[-3:] == [".ci/images", "clustering", "model_training"]


def test_what_a_push_writes_is_no_file_to_commit() -> None:
    written = re.findall(r"\$\{IMAGES:-(.+?)\}", SCRIPT)

    assert written
    assert (
        subprocess.run(["git", "-c", "safe.directory=*", "check-ignore", *written], cwd=ROOT, check=False).returncode
        == 0
    )
