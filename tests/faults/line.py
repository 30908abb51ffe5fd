"""A production line in small: eight sensors, and what its training stages leave for those that touch the world."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clustering.stage import cluster_wafers
from data_transformation_train.stage import transform_batches
from db_operation_train.stage import load_wafers
from load_prod_model.promotion import Parts
from model_training.stage import fit_global_models, train_cluster
from preprocessing_train.stage import fit_preprocessor
from raw_data_validation_train.stage import validate_source
from wafer.contract import Contract, load_contract
from wafer.documents import open_documents
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.store import open_store

SENSORS = tuple(f"Sensor - {number}" for number in range(1, 9))
SCHEMA = json.dumps(
    {
        "SampleFileName": "wafer_01012020_000000.csv",
        "LengthOfDateStampInFile": 8,
        "LengthOfTimeStampInFile": 6,
        "NumberofColumns": len(SENSORS) + 2,
        "ColName": {"Wafer": "varchar", **dict.fromkeys(SENSORS, "float"), "Output": "Integer"},
    }
)
QUICK = Recipe(
    families=(RandomForest(trees=20, trees_cluster=10), BoostedTrees(rounds=10, learning_rate=0.2)), max_clusters=2
)
BAD_ROW = "Wafer-bad," + ",".join(["x"] * len(SENSORS)) + ",-1"


@dataclass(frozen=True, slots=True)
class Line:
    """A drop, and the artifacts of a training on it up to its promotion."""

    source: str
    wafers: Path
    parts: Parts


def write_drop(folder: Path, *, files: int = 3, rows: int = 80, seed: int = 0, noise: float = 1.0) -> Path:
    """Batches whose third sensor is higher for failing wafers; one row of the first file is bad."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    header = ",".join(["", *(name.replace(" ", "") for name in SENSORS), "Good/Bad"])
    for number in range(files):
        failed = rng.random(rows) < 0.25
        readings = rng.normal(size=(rows, len(SENSORS)))
        readings[:, 2] = 2.5 * failed + noise * readings[:, 2]
        lines = [
            ",".join([f"W-{seed}-{number}-{row}", *(f"{value:.4f}" for value in values), "1" if bad else "-1"])
            for row, (values, bad) in enumerate(zip(readings, failed, strict=True))
        ]
        extra = [] if number else [BAD_ROW]
        text = "\n".join([header, *lines, *extra]) + "\n"
        (folder / f"wafer_{number + 1:02d}012021_120000.csv").write_text(text)
    return folder


def make_line(folder: Path, drop: Path, recipe: Recipe = QUICK, contract: Contract | None = None) -> Line:
    """Run the stages up to the last training on a drop, with a store and a database that nobody looks at again."""
    contract = contract or load_contract("training", SCHEMA)
    accepted, manifest, report = folder / "accepted", folder / "manifest.json", folder / "validation.html"
    store = open_store(str(folder / "store"))
    validate_source(str(drop), contract, accepted=accepted, manifest=manifest, report=report, store=store, run_id="run")
    transform_batches(accepted, folder / "wafers.parquet", contract)
    with open_documents(str(folder / "documents.sqlite")) as documents:
        load_wafers(folder / "wafers.parquet", documents, folder / "export", folder / "InputFile.csv", "training")
    return Line(str(drop), folder / "wafers.parquet", _learn(folder, manifest, report, recipe))


def _learn(folder: Path, manifest: Path, report: Path, recipe: Recipe) -> Parts:
    export, preprocessor, clusters = folder / "export", folder / "preprocessor", folder / "clusters"
    training = folder / "training.parquet"
    fit_preprocessor(export, preprocessor, training, recipe)
    elbow, everything = folder / "elbow.html", folder / "global"
    found = cluster_wafers(training, preprocessor, clusters, folder / "assignments", elbow, recipe)
    fit_global_models(training, preprocessor, everything, recipe)
    trained = [folder / f"member-{number}" for number in found.clusters]
    for number, out in zip(found.clusters, trained, strict=True):
        page = folder / f"member-{number}.html"
        train_cluster(number, training, preprocessor, clusters, everything, out, page)
    return Parts(
        manifest, report, export, folder / "InputFile.csv", training, preprocessor, clusters, elbow, everything, trained
    )
