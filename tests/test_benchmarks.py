"""Every benchmark runs and says everything it promises; how good or how fast the figures are is not tested here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from inspect import Parameter, isfunction, signature
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from application.synthetic import write_synthetic
from benchmarks import scale
from benchmarks.__main__ import app
from benchmarks.figures import FIGURES, Pooled, differences
from benchmarks.folds import Plan, folds_of
from benchmarks.kept import Kept
from benchmarks.makespan import Stage, shared_evenly, single_units, together
from benchmarks.process import Finished
from benchmarks.report import Section, this_machine, write_section
from benchmarks.walls import Taken, Tree, measure_walls
from wafer.contract import load_contract
from wafer.files import write_file
from wafer.wafers.arrays import Wafers

pytestmark = [pytest.mark.xdist_group("benchmarks"), pytest.mark.slow]
SYSTEMS = ("product", "balanced forest", "XGBoost defaults", "ridge logistic", "older recipe")
FORM = load_contract("training").file_name


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batches") / "synthetic"
    write_synthetic(folder, training_files=5, prediction_files=1, wafers_per_file=80)
    return folder


def run(*words: str | Path) -> tuple[str, str]:
    """Run a benchmark in its quickest form; its standard output, and its progress."""
    done = CliRunner().invoke(app, [*map(str, words), "--quick"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def table_of(document: Path) -> list[dict[str, str]]:
    """The rows of a document's only table by header; every row has a cell for every header."""
    lines = [line for line in document.read_text().splitlines() if line.startswith("| ")]
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_flipped_outcomes_break_the_promise_of_the_ranking_not_the_budget(tmp_path: Path) -> None:
    run("promise", "--document", tmp_path / "promise.md")

    rows = table_of(tmp_path / "promise.md")
    assert len(rows) == 6
    for row in rows:
        sound, wrong = ([float(share) for share in row[name].split(", ")] for name in ("sound", "30 % wrong"))
        assert sound[0] == wrong[0] == 0
        assert sound[1] < wrong[1]


def test_gate_counts_the_errors_of_both_rules_in_every_scenario(tmp_path: Path) -> None:
    run("gate", "--document", tmp_path / "gate.md")

    rows = table_of(tmp_path / "gate.md")
    assert len(rows) == 18
    assert rows[-1]["scenario"] == "all"
    for name in ("worse replaced", "better not promoted"):
        old, new = (int(rows[-1][f"{name}{rule}"].split(" of ")[1]) for rule in (", old rule", ""))
        assert old == new == sum(int(row[name].split(" of ")[1]) for row in rows[:-1])


def test_walls_tell_the_fits_from_all_else_of_a_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Runs whose seconds are made up; what a run is, `speed-dag` shows."""

    def run(tree: Tree, pipeline: str, _data: Path) -> Taken:
        slower = 2 if tree.home.name == "now" else 1
        return Taken(10, 20 * slower, fits=4) if pipeline == "train" else Taken(3 * slower, 6, fits=0)

    monkeypatch.setattr(Tree, "run", run)

    section = measure_walls(tmp_path, tmp_path, rounds=1, say=lambda _: None)

    assert section.groups[0] == [
        ["train", "10.0", "10.0", "1.00", "20.0", "40.0", "2.00"],
        ["… fits", "4.0", "4.0", "1.00", "", "", ""],
        ["… all else", "6.0", "6.0", "1.00", "", "", ""],
        ["predict", "3.0", "6.0", "2.00", "6.0", "6.0", "1.00"],
    ]


def test_speed_dag_measures_every_stage_and_the_older_system(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "data", training_files=5, prediction_files=1, wafers_per_file=60)

    shown, _ = run("speed-dag", "--data", tmp_path / "data", "--document", tmp_path / "speed.md")

    rows = table_of(tmp_path / "speed.md")
    stages = {(row[""], row["stage"]) for row in rows}
    assert {("training DAG", name) for name in ("validate", "transform", "cluster", "train-global", "promote")} < stages
    assert {("prediction DAG", name) for name in ("select-model", "validate", "load", "predict")} < stages
    older = ("older training stage", "older, searches on all cores")
    assert {(one, name) for one in older for name in ("KNNImputer", "KMeans 1-10", "grid searches")} < stages
    wholes = [row for row in rows if row["stage"] == "whole"]
    assert {row[""] for row in wholes} == {"training DAG", "prediction DAG", *older}
    assert len(wholes) == 4
    assert all(float(row["seconds"]) > 0 and float(row["peak MiB"]) > 50 for row in wholes)
    seen = [row for row in rows if row[""] not in older and float(row["seconds"]) > 0.2]  # others end between two looks
    assert len(seen) > 4
    assert all(float(row["peak MiB"]) > 50 for row in seen)
    assert "Training DAG / older training stage" in (tmp_path / "speed.md").read_text()
    assert "Speed of the DAGs" in shown


def test_speed_parse_measures_ten_times_the_files(tmp_path: Path) -> None:
    run("speed-parse", "--document", tmp_path / "parse.md")

    few, many, large = table_of(tmp_path / "parse.md")
    assert int(many["files"]) == 10 * int(few["files"]) == 10 * int(large["files"])
    assert all(float(cell) > 0 for row in (few, many, large) for cell in list(row.values())[3:])


def test_quality_measures_every_system_and_continues_where_it_was_interrupted(data: Path, tmp_path: Path) -> None:
    words = ("quality", "--data", data, "--cache", tmp_path / "cache")
    _, first = run(*words, "--document", tmp_path / "first.md")
    next((tmp_path / "cache").glob("*.json")).unlink()

    _, second = run(*words, "--document", tmp_path / "second.md")

    rows = table_of(tmp_path / "first.md")
    peers = [f"product - {name}" for name in SYSTEMS[1:]]
    assert [row["system"] for row in rows] == 3 * [*SYSTEMS, *peers]
    assert all(re.fullmatch(r"[-+.\d ()to]+", row[figure]) for row in rows for figure in FIGURES)
    assert first.count(" s\n") == (1 + 1 + 2) * len(SYSTEMS)  # folds forward, in files and at random
    assert second.count(" s\n") == 1
    assert table_of(tmp_path / "second.md") == rows


def test_novelty_asks_both_rules_about_every_fault(data: Path, tmp_path: Path) -> None:
    run("novelty", "--data", data, "--document", tmp_path / "novelty.md")

    rows = table_of(tmp_path / "novelty.md")
    protocols = [(kind, rules) for kind in ("random", "forward") for rules in ("before", "now")]
    assert [(row["protocol"], row["rules"]) for row in rows] == protocols
    assert all(0 <= float(cell) <= 1 for row in rows for cell in list(row.values())[3:])


def test_load_reads_alone_and_during_a_training_without_an_error(tmp_path: Path) -> None:
    run("load", "--document", tmp_path / "load.md")

    rows = table_of(tmp_path / "load.md")
    wholes = [row for row in rows if row["route"] == "all"]
    assert [row[""] for row in wholes] == ["nothing else runs", "a training runs"]
    assert all(int(row["requests"]) == 100 and row["errors"] == "0" for row in wholes)
    assert all(float(row["p50 ms"]) <= float(row["p95 ms"]) <= float(row["max ms"]) for row in rows)


@pytest.mark.server
def test_load_documents_measures_the_stage_and_its_server(tmp_path: Path) -> None:
    run("load-documents", "--document", tmp_path / "documents.md")

    rows = table_of(tmp_path / "documents.md")
    assert len(rows) == 3
    assert all(float(row["seconds"]) >= 0 and float(row["CPU of the server"]) >= 0 for row in rows)


def test_no_wafer_is_asked_about_by_a_model_that_learned_from_it() -> None:
    folds = folds_of(wafers(120), FORM, Plan(repeats=2, folds=4, older_repeats=1))

    assert not any(set(fold.learn) & set(fold.ask) for fold in folds)
    for group in {(fold.protocol, fold.repeat) for fold in folds if fold.protocol != "forward"}:
        asked = [row for fold in folds if (fold.protocol, fold.repeat) == group for row in fold.ask]
        assert sorted(asked) == list(range(120))


def test_the_older_recipe_is_asked_in_the_folds_that_are_named() -> None:
    plan = Plan(repeats=2, folds=4, older_repeats=1, older_in=("forward", "random"))
    asked = {(fold.protocol, fold.repeat) for fold in folds_of(wafers(120), FORM, plan) if plan.takes_part(fold)}

    assert asked == {("forward", 0), ("random", 0)}
    assert plan.command().endswith(" --older-in forward --older-in random")


def test_forward_every_wafer_asked_about_came_later_and_a_file_is_held_out_whole() -> None:
    known = wafers(120)
    folds = folds_of(known, FORM, Plan(repeats=1, folds=4, older_repeats=1))

    forward = [fold for fold in folds if fold.protocol == "forward"]
    assert len(forward) > 2
    for fold in forward:
        assert max(known.files[row] for row in fold.learn) < min(known.files[row] for row in fold.ask)
    for fold in (fold for fold in folds if fold.protocol == "files"):
        assert not {known.files[row] for row in fold.learn} & {known.files[row] for row in fold.ask}


def test_a_system_differs_from_itself_by_nothing() -> None:
    rng = np.random.default_rng(0)
    pooled = Pooled(np.arange(200) % 10 == 0, rng.random(200), rng.random(200) > 0.8)

    found = differences([pooled], [pooled], resamples=20)

    assert set(found) == set(FIGURES)
    assert all((gap.mean, gap.low, gap.high) == (0, 0, 0) for gap in found.values())


def test_a_benchmark_rewrites_its_own_section_of_the_document_and_no_other(tmp_path: Path) -> None:
    document = tmp_path / "docs" / "benchmarks.md"

    for name, cell in (("quality", "old"), ("speed-dag", "kept"), ("quality", "new")):
        write_section(document, section(name, cell))

    text = document.read_text()
    assert re.findall(r"\| (old|kept|new) \|", text) == ["kept", "new"]
    assert text.count("# Benchmarks\n") == 1


def section(name: str, cell: str) -> Section:
    return Section(name, name, f"python -m benchmarks {name}", this_machine(), ["how"], ["what"], [[[cell]]])


def wafers(count: int) -> Wafers:
    numbers = np.random.default_rng(1).permutation(count)
    return Wafers(
        ids=tuple(map(str, numbers)),
        names=tuple(f"Wafer-{number}" for number in numbers),
        files=tuple(f"wafer_{1 + number // 10:02}012020_041011.csv" for number in numbers),
        sensors=("Sensor - 1",),
        readings=np.zeros((count, 1)),
        failed=numbers % 5 == 0,
    )


def test_workers_take_the_next_unit_as_soon_as_they_are_free() -> None:
    fits = Stage("fits", 100, alone=2, phases=[{"a": 6, "b": 3, "c": 3}, {"d": 4}])

    assert [fits.makespan(count) for count in (1, 2, 3, 32)] == [18, 12, 12, 12]
    assert (fits.units, fits.least) == (16, 12)


def test_a_larger_line_has_more_buckets_and_longer_fits() -> None:
    small, large = (Stage("one", count, 1, [{"a": count / 100, "b": 1}]) for count in (100, 300))
    large = replace(large, phases=[{**large.phases[0], "new": 3}])

    fits = single_units(small, large, 1000)
    files = shared_evenly(small, large, 1000, units=4)
    both = together([fits, fits], "two")

    assert fits.alone == 1
    (units,) = fits.phases
    assert {name: round(seconds, 9) for name, seconds in units.items()} == {"a": 10, "b": 1, "new": 10}
    assert files.units == pytest.approx(7 + (7 - 2) / 200 * 700)
    assert files.makespan(4) == pytest.approx(1 + files.units / 4)
    assert both.units == pytest.approx(2 * fits.units)
    assert both.alone == fits.alone


def test_a_stopped_measurement_goes_on_and_keeps_what_it_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Stages whose work and seconds are made up: each leaves a file, and one of them is killed half-way."""
    done, killed = list[str](), {"clustering"}

    def run_watched(words: Sequence[str], _environment: Mapping[str, str]) -> Finished:
        stage = words[2] if words[1] == "model_training" else words[1]
        (tmp_path / "line" / f"left-{len(done)}").mkdir()  # fails where the killed stage has left its own
        if stage in killed:
            killed.clear()
            raise RuntimeError("killed")
        if stage == "clustering":
            write_file(tmp_path / "line" / "clusters" / "clusters.json", b'{"centroids": [[0], [1]]}')
        done.append(stage)
        return Finished(0, "", float(len(done)), 2.0 * len(done), {"": 100.0 + len(done)})

    monkeypatch.setattr(scale, "run_watched", run_watched)
    words = ("scale", "--only-one", "400", "--keep", tmp_path / "line", "--document", tmp_path / "scale.md")
    with pytest.raises(RuntimeError, match="killed"):
        run(*words)
    before = table_of(tmp_path / "scale.md")

    _, again = run(*words)

    rows = {row["stage"]: row for row in table_of(tmp_path / "scale.md")}
    assert len(done) == len(set(done) - {"cluster"}) + 2, "each stage once, train-cluster once a cluster"
    assert before[:4] == list(rows.values())[:4]
    assert [rows[stage]["wall s"] for stage in ("preprocess", "cluster", "train-cluster")] == ["5.0", "6.0", "17.0"]
    assert "carried on" in (tmp_path / "scale.md").read_text()
    assert "predict: 11.0 s" in again


def test_measurements_of_other_sizes_never_mix(tmp_path: Path) -> None:
    Kept(tmp_path, {"wafers": 400}, "now")

    with pytest.raises(SystemExit, match="begun with"):
        Kept(tmp_path, {"wafers": 500}, "later")


def scale_commands() -> list[str]:
    return [*scale.BEFORE.values(), scale.CLUSTER, f"{scale.PROMOTE} --member one", scale.PREDICT]


@pytest.mark.parametrize("command", scale_commands(), ids=lambda command: command.split()[1])
def test_the_scale_benchmark_calls_every_stage_as_it_wants_to_be_called(command: str) -> None:
    module, *words = command.split()[1:]
    entry = import_module(f"{module}.__main__")
    steps = [each for each in vars(entry).values() if isfunction(each) and each.__module__ == entry.__name__]
    given = {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")}

    known = [signature(step).parameters for step in steps]

    assert any(given <= set(each) and needed(each) <= given for each in known)


def needed(parameters: Mapping[str, Parameter]) -> set[str]:
    return {name for name, each in parameters.items() if each.default is Parameter.empty}
