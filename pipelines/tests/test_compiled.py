"""The compiled packages in the repository are what the DAGs compile to, and hold what a cluster needs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.compile import compile_all
from pipelines.images import STAGES, development_images, read_images
from pipelines.packages import PIPELINES, embedded_package, package
from pipelines.tasks import ROLES, Deployment
from pipelines.training import training_pipeline

OUTSIDE = {"validate", "load", "promote", "predict", "select-model", "match", "record-outcome"}


def graphs(text: str) -> dict[str, dict[str, Any]]:
    """Every task of a package by its name."""
    spec = next(iter(yaml.safe_load_all(text)))
    dags = [spec["root"]["dag"], *(each["dag"] for each in spec["components"].values() if "dag" in each)]
    return {name: task for dag in dags for name, task in dag["tasks"].items() if not is_group(spec, task)}


def is_group(spec: dict[str, Any], task: dict[str, Any]) -> bool:
    return "dag" in spec["components"][task["componentRef"]["name"]]


def test_the_packages_in_the_repository_are_the_dags_as_they_are(tmp_path: Path) -> None:
    written = compile_all(tmp_path)

    kept = Path(__file__).parents[1] / "compiled"
    stale = [path.name for path in written if path.read_bytes() != (kept / path.name).read_bytes()]
    assert stale == [], (
        "run `wafer pipelines compile` and `python -m tools.gitops render` for dev and prod; commit the result"
    )
    assert {path.name for path in kept.iterdir()} == {path.name for path in written}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_what_touches_the_world_outside_its_artifacts_is_never_taken_from_a_cache(pipeline: str) -> None:
    tasks = graphs(package(pipeline))

    cached = {name for name, task in tasks.items() if task["cachingOptions"].get("enableCache")}
    assert cached or pipeline == "outcomes"
    assert not cached & OUTSIDE


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_task_has_limits_retries_and_an_image_of_its_own_stage(pipeline: str) -> None:
    spec = next(iter(yaml.safe_load_all(package(pipeline))))

    for executor in spec["deploymentSpec"]["executors"].values():
        assert set(executor["container"]["resources"]) >= {"resourceCpuLimit", "resourceMemoryLimit"}
        assert executor["container"]["image"].split("/")[1].split(":")[0] in STAGES
        assert "pip install" not in " ".join(executor["container"]["command"])
    for name, task in graphs(package(pipeline)).items():
        assert task["retryPolicy"]["maxRetryCount"] > 0, name


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_task_runs_as_an_ordinary_user_with_a_time_limit(pipeline: str) -> None:
    _, platform = yaml.safe_load_all(package(pipeline))

    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert len(executors) == len(next(iter(yaml.safe_load_all(package(pipeline))))["deploymentSpec"]["executors"])
    for executor in executors.values():
        assert executor["securityContext"]["runAsNonRoot"]
        assert int(executor["activeDeadlineSeconds"]) > 0


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_pipeline_parameter_says_what_it_is_and_only_the_source_must_be_given(pipeline: str) -> None:
    spec = next(iter(yaml.safe_load_all(package(pipeline))))

    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert {name for name, each in parameters.items() if not each.get("isOptional")} == {"source"}
    assert all(each["description"] for each in parameters.values())


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_an_embedded_run_does_not_retry_and_keeps_every_finished_task(pipeline: str) -> None:
    tasks = graphs(embedded_package(pipeline))

    assert all("retryPolicy" not in task for task in tasks.values())
    assert all(task["cachingOptions"] == {"enableCache": True} for task in tasks.values())


def test_an_image_without_a_digest_is_refused(tmp_path: Path) -> None:
    references = tmp_path / "images.json"
    references.write_text('{"clustering": "registry.example/clustering:latest"}')

    with pytest.raises(ValueError, match="by digest"):
        read_images(references)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_task_can_take_on_the_role_of_its_own_stage_and_runs_without_one(pipeline: str) -> None:
    spec, platform = yaml.safe_load_all(package(pipeline))

    for name, executor in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].items():
        stage = spec["deploymentSpec"]["executors"][name]["container"]["image"].split("/")[1].split(":")[0]
        roles = next(each for each in executor["configMapAsEnv"] if each["configMapName"] == ROLES)
        assert roles["optional"]
        assert {each["envVar"]: each["configMapKey"] for each in roles["keyToEnv"]} == {
            "AWS_ROLE_ARN": stage,
            "AWS_WEB_IDENTITY_TOKEN_FILE": "AWS_WEB_IDENTITY_TOKEN_FILE",
        }


def test_packages_for_more_wafers_give_more_memory_and_time_to_the_tasks_that_grow() -> None:
    memory, seconds = [], []
    for wafers in (1000, 2_000_000):
        graph = training_pipeline(Deployment(development_images(), wafers))
        executors = graph.pipeline_spec.deployment_spec["executors"]
        found = {name: each["container"]["resources"] for name, each in executors.items()}
        memory.append({name: int(each["resourceMemoryLimit"].removesuffix("Gi")) for name, each in found.items()})
        times = graph.platform_spec.platforms["kubernetes"].deployment_spec.executors
        seconds.append({name: int(each["activeDeadlineSeconds"]) for name, each in times.items()})

    assert memory[1]["exec-train-global"] > memory[0]["exec-train-global"]
    assert seconds[1]["exec-train-global"] > seconds[0]["exec-train-global"]
    assert memory[1]["exec-validate"] == memory[0]["exec-validate"]
    assert all(memory[1][name] >= memory[0][name] for name in memory[0])
