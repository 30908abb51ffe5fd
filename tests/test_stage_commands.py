"""Every stage as a command, each over what the one before it wrote."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.images import STAGES
from tests.commands import Ended, call
from tests.faults.line import QUICK, SCHEMA, write_drop
from wafer.process import environment

pytestmark = pytest.mark.slow  # every stage of a training by its command, some in interpreters of their own


@dataclass
class Line:
    """A folder in which the stages' commands run one after the other; what was written has the option's name."""

    folder: Path
    calls: dict[str, Ended] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    def run(self, *words: str, **options: object) -> Ended:
        """`python -m WORDS --option=value`; an option given as True is a path of its own name in the folder."""
        given = {name.replace("_", "-"): self[name] if value is True else value for name, value in options.items()}
        state = {"WAFER_HOME": str(self["home"]), "WAFER_STORE": "", "MONGODB_URI": "", "MLFLOW_TRACKING_URI": ""}
        with environment(state):
            return call(*words, *(f"--{name}={value}" for name, value in given.items()))

    def do(self, *words: str, **options: object) -> None:
        done = self.calls[" ".join(words)] = self.run(*words, **options)
        assert done.code == 0, done.err

    def printed(self, *words: str) -> str:
        return self.calls[" ".join(words)].out


def export_of(folder: Path, *, rows: int) -> Line:
    """The first three stages over a drop."""
    line = Line(folder)
    drop = write_drop(folder / "drop", files=2, rows=rows)
    written: dict[str, object] = dict.fromkeys(("accepted", "manifest", "quarantine", "report"), True)
    line.do("raw_data_validation_train", source=drop, schema=SCHEMA, **written)
    line.do("data_transformation_train", accepted=True, wafers=True, schema=SCHEMA)
    line.do("db_operation_train", wafers=True, export=True, input_file=True, documents=folder / "documents.sqlite")
    return line


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Iterator[Line]:
    """All stages over one drop with few trees, each with what it needs of those before it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wafer.model.recipe.FAMILIES", QUICK.families)
        yield made_by_all(tmp_path_factory, empty_registry)


def made_by_all(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Line:
    line = export_of(tmp_path_factory.mktemp("line"), rows=60)
    line["home/mlflow"].mkdir(parents=True)
    shutil.copyfile(empty_registry, line["home/mlflow/mlflow.db"])
    line.do("preprocessing_train", export=True, out=line["preprocessor"], training=True)
    learned: dict[str, object] = {"training": True, "preprocessor": True}
    pages = {"assignments": True, "report": line["elbow"]}
    line.do("clustering", **learned, out=line["cluster_model"], **pages, max_clusters=1)
    line.do("model_training", "global", **learned, out=line["global_models"])
    one = {"cluster": 0, "cluster_model": True, "global_models": True, "out": line["member"]}
    line.do("model_training", "cluster", **learned, **one, report=line["member.html"])
    line.do("load_prod_model", **promotion(line))
    line.do("pred_pipeline", export=True, bundle=True, out=line["predictions"])
    return line


def promotion(line: Line) -> dict[str, object]:
    names = (
        "export",
        "input_file",
        "training",
        "preprocessor",
        "cluster_model",
        "elbow",
        "global_models",
        "member",
        "bundle",
        "decision",
    )
    given: dict[str, object] = dict.fromkeys(names, True)
    return {**given, "run_id": "run", "manifest": True, "validation_report": line["report"], "report": line["promoted"]}


def test_validation_writes_good_rows_manifest_quarantine_and_report(line: Line) -> None:
    manifest = json.loads(line["manifest"].read_text())

    assert "files_good 2" in line.printed("raw_data_validation_train")
    assert manifest["totals"]["rows_quarantined"] == 1
    assert list(line["quarantine"].iterdir())
    assert line["report"].read_text().startswith("<!doctype html>")


def test_transformation_writes_one_table_of_all_wafers(line: Line) -> None:
    assert "wafers 120" in line.printed("data_transformation_train")
    assert line["wafers"].read_bytes()[:4] == b"PAR1"


def test_the_load_writes_its_export(line: Line) -> None:
    assert "inserted 120" in line.printed("db_operation_train")
    assert [path.name for path in line["export"].iterdir()] == ["wafers.parquet"]
    assert len(line["input_file"].read_text().splitlines()) == 121


def test_preprocessing_says_how_many_sensors_it_keeps(line: Line) -> None:
    assert "120 wafers" in line.printed("preprocessing_train")
    assert list(line["preprocessor"].iterdir())


def test_clustering_prints_the_clusters_as_json(line: Line) -> None:
    assert json.loads(line.printed("clustering")) == [0]
    assert list(line["cluster_model"].iterdir())
    assert line["elbow"].read_text().startswith("<!doctype html>")


def test_training_says_the_figures_of_all_wafers_and_of_a_cluster(line: Line) -> None:
    assert "AUC 0." in line.printed("model_training", "global")
    assert line.printed("model_training", "cluster").startswith("cluster 0: ")
    assert list(line["global_models"].iterdir())
    assert list(line["member"].iterdir())


def test_promotion_publishes_the_training_and_says_the_version(line: Line) -> None:
    assert line.printed("load_prod_model").startswith("version 1: ")
    assert json.loads(line["decision"].read_text())["model_version"] == 1
    assert list(line["home"].rglob("training/run/_SUCCESS.json"))
    (published,) = line["home"].rglob("training/run/InputFile.csv")
    assert published.read_bytes() == line["input_file"].read_bytes()


def test_prediction_counts_its_verdicts(line: Line) -> None:
    assert line.printed("pred_pipeline").startswith("120 wafers: ")
    assert (line["predictions"] / "predictions.csv").exists()


def emptied(line: Line, folder: str, scratch: Path) -> Path:
    """A copy of a folder of models whose JSON files are empty."""
    copy = Path(shutil.copytree(line[folder], scratch / folder))
    for path in copy.glob("*.json"):
        path.write_bytes(b"")
    return copy


def unlearnable(line: Line, scratch: Path) -> Ended:
    small = export_of(scratch / "small", rows=6)
    return small.run("preprocessing_train", export=True, out=scratch / "out", training=scratch / "training")


def unclustered(line: Line, scratch: Path) -> Ended:
    written = {name: scratch / name for name in ("out", "assignments", "report")}
    return line.run("clustering", training=True, preprocessor=emptied(line, "preprocessor", scratch), **written)


def untrained(line: Line, scratch: Path) -> Ended:
    given = emptied(line, "preprocessor", scratch)
    return line.run("model_training", "global", training=True, preprocessor=given, out=scratch / "out")


def unpromoted(line: Line, scratch: Path) -> Ended:
    written = {name: scratch / name for name in ("bundle", "decision", "report")}
    return line.run("load_prod_model", **{**promotion(line), **written, "member": emptied(line, "member", scratch)})


def unpredicted(line: Line, scratch: Path) -> Ended:
    return line.run("pred_pipeline", export=True, bundle=emptied(line, "bundle", scratch), out=scratch / "out")


def unvalidated(line: Line, scratch: Path) -> Ended:
    written = {name: scratch / name for name in ("accepted", "manifest", "quarantine", "report")}
    return line.run("raw_data_validation_train", source=scratch / "nowhere", **written)


def untransformed(line: Line, scratch: Path) -> Ended:
    return line.run("data_transformation_train", accepted=True, wafers=scratch / "wafers", schema="{}")


def unloaded(line: Line, scratch: Path) -> Ended:
    written = {
        "export": scratch / "export",
        "input_file": scratch / "input_file",
        "documents": scratch / "documents.sqlite",
    }
    return line.run("db_operation_train", wafers=True, kind="prediction", **written)


REFUSED: dict[str, tuple[Callable[[Line, Path], Ended], str]] = {
    "raw_data_validation_train": (unvalidated, "SOURCE_NOT_FOUND"),
    "data_transformation_train": (untransformed, "CONTRACT_INVALID"),
    "db_operation_train": (unloaded, "CONTRACT_MISMATCH"),
    "preprocessing_train": (unlearnable, "DATA_UNLEARNABLE"),
    "clustering": (unclustered, "BUNDLE_REJECTED"),
    "model_training": (untrained, "BUNDLE_REJECTED"),
    "load_prod_model": (unpromoted, "BUNDLE_REJECTED"),
    "pred_pipeline": (unpredicted, "BUNDLE_REJECTED"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_refuses_ends_with_one_sentence_and_exit_code_1(stage: str, line: Line, tmp_path: Path) -> None:
    refuse, code = REFUSED[stage]

    done = refuse(line, tmp_path)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"{code}: ")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_called_wrongly_ends_with_exit_code_2(stage: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", stage, "--frobnicate=1"], check=False, capture_output=True, text=True, timeout=300
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
