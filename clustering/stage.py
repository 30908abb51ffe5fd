"""Cluster the wafers of one training run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clustering.elbow import elbow_page
from clustering.learn import learn_clusters
from wafer.evaluation.elbow import Elbow
from wafer.files import complete_folder
from wafer.model.assembly import CLUSTERS, PREPROCESSOR
from wafer.model.clusters import Clustering
from wafer.model.files import read_json, write_json
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Wafers
from wafer.wafers.training_file import read_training


@dataclass(frozen=True, slots=True)
class Clustered:
    """How the wafers fell into clusters."""

    clusters: list[int]  # 0 … k-1, the largest first
    wafers: list[int]  # by cluster
    failures: list[int]  # by cluster
    elbow: int  # what the curve alone asked for
    inertia: dict[int, float]


def cluster_wafers(
    training: Path, preprocessor: Path, out: Path, assignments: Path, report: Path, recipe: Recipe | None = None
) -> Clustered:
    """Learn clusters from a training file.

    Writes the model directory `out`, the Parquet file `assignments` and the HTML page `report`.
    """
    recipe = recipe or Recipe()
    wafers = read_training(training).wafers
    found = learn_clusters(wafers, read_json(preprocessor / PREPROCESSOR, Preprocessor), recipe)
    failed = wafers.known_failed
    done = Clustered(
        clusters=list(range(found.k)),
        wafers=np.bincount(found.labels, minlength=found.k).tolist(),
        failures=np.bincount(found.labels[failed], minlength=found.k).tolist(),
        elbow=found.elbow,
        inertia=dict(found.inertia),
    )
    elbow = Elbow(found.inertia, found.elbow, found.k)
    with complete_folder(out) as folder:
        write_json(folder / CLUSTERS, found.model)
        elbow.write(folder)
    _write_assignments(wafers, found.model, assignments)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(elbow_page(elbow, done.wafers, done.failures, recipe), encoding="utf-8")
    return done


def _write_assignments(wafers: Wafers, model: Clustering, path: Path) -> None:
    novelty = model.novelty(wafers)
    table = pa.table(
        {
            "_id": list(wafers.ids),
            "Wafer": list(wafers.names),
            "cluster": pa.array(model.assign(wafers), pa.int32()),
            "distance": novelty.distance,
            "distance_percentile": novelty.percentile,
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
