"""The table of tasks says what the DAGs run, in their order, and how people see it."""

from importlib.util import find_spec
from itertools import chain

import pytest
import yaml

from pipelines.descriptors import described, descriptors
from pipelines.graph import Component, PipelineSpec, TaskSpec, one_by_one, steps
from pipelines.images import STAGES
from pipelines.packages import PIPELINES, embedded_package, package
from pipelines.table import base_name, branches, label, planned, preload, summary, table


def test_every_task_of_a_descriptor_is_in_a_dag_and_has_a_name_of_its_own() -> None:
    declared = [task.name for stage in descriptors().values() for task in stage.tasks]

    assert sorted(declared) == sorted(set(declared)) == sorted({name for each in PIPELINES for name in planned(each)})


def test_every_stage_has_a_task() -> None:
    assert {each.stage for each in described().values()} == set(STAGES)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_everything_that_is_loaded_before_it_is_needed_exists(pipeline: str) -> None:
    names = {*preload(pipeline), *chain.from_iterable(each.imports for each in branches(pipeline))}

    assert [name for name in names if find_spec(name) is None] == []


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_task_stands_after_the_tasks_it_takes_something_from(pipeline: str) -> None:
    names = planned(pipeline)

    rows = [name for name in names if name in {"validate", "transform", "load", "match"}]
    assert rows == (["validate", "match"] if pipeline == "outcomes" else ["validate", "transform", "load"])
    assert len(table()[pipeline]) == len(set(names))


@pytest.mark.parametrize(
    ("pipeline", "sequence"),
    [
        ("outcomes", ["validate", "match", "record-outcome"]),
        ("predict", ["select-model | validate", "transform", "load", "predict", "record-outcome"]),
        (
            "train",
            [
                "validate",
                "transform",
                "load",
                "preprocess",
                "cluster | train-global",
                "train-cluster",
                "promote",
                "record-outcome",
            ],
        ),
    ],
)
def test_no_more_tasks_wait_for_each_other_than_have_to(pipeline: str, sequence: list[str]) -> None:
    starts = steps(next(iter(yaml.safe_load_all(package(pipeline)))))

    found = [[name for name, start in starts.items() if start == step] for step in range(max(starts.values()) + 1)]
    assert [" | ".join(names) for names in found] == sequence


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_laptop_runs_the_tasks_one_after_another_in_the_order_of_the_table(pipeline: str) -> None:
    starts = steps(yaml.safe_load(embedded_package(pipeline)))

    assert tuple(starts) == (*planned(pipeline), "record-outcome")
    assert sorted(set(starts.values())) == sorted(starts.values())


def test_an_item_of_a_task_is_known_by_its_number() -> None:
    assert [base_name(each) for each in ("train-cluster-12", "train-cluster", "select-model")] == [
        "train-cluster",
        "train-cluster",
        "select-model",
    ]
    assert label("train-cluster-12").endswith(" 12")
    assert label("train-cluster") != label("train-cluster-1")


@pytest.mark.parametrize("name", ["validate-2", "train-cluster-x", "no-such-task", "-1", ""])
def test_a_name_that_no_task_has_stays_as_it_is(name: str) -> None:
    assert (base_name(name), label(name)) == (name, name)


def test_counts_are_told_in_the_declared_order_with_readable_values() -> None:
    counts = {"rows_quarantined": 2443, "rows_good": 1137, "files": 12, "files_good": 1, "sha": "no count of people's"}

    assert summary("validate", counts) == "files 12, files good 1, rows good 1,137, rows quarantined 2,443"


def test_counts_of_another_version_are_told_by_their_names() -> None:
    counts = {"some_count": 1.23456, "kept": True, "by_cluster": [1, 2]}

    assert summary("validate", counts) == summary("gone", counts) == "some count 1.23, kept yes"


def test_a_task_comes_one_by_one_as_late_as_it_can() -> None:
    assert planned("predict") == ("validate", "transform", "load", "select-model", "predict")
    assert one_by_one(graph()) == ["first", "inner", "last", "side", "end"]


def test_steps_count_the_longest_way_through_groups() -> None:
    found = steps(graph())

    assert list(found.items()) == [("first", 0), ("side", 0), ("inner", 1), ("last", 2), ("end", 3)]


def graph() -> PipelineSpec:
    group: Component = {"dag": {"tasks": {"inner": task("inner"), "last": task("last", "inner")}}}
    root = {
        "first": task("first"),
        "loop": task("loop", "first"),
        "side": task("side"),
        "end": task("end", "loop", "side"),
    }
    components: dict[str, Component] = {f"comp-{name}": {} for name in ("first", "inner", "last", "side", "end")}
    components["comp-loop"] = group
    return {"root": {"dag": {"tasks": root}}, "components": components}


def task(name: str, *after: str) -> TaskSpec:
    return {"componentRef": {"name": f"comp-{name}"}, "dependentTasks": list(after)}
