"""Cluster the wafers of one training run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clustering.elbow import elbow_page
from clustering.learn import Clusters, learn_clusters
from wafer.evaluation.elbow import Elbow
from wafer.files import complete_folder
from wafer.model.assembly import CLUSTERS, PREPROCESSOR
from wafer.model.files import read_json, write_json
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.wafers.training_file import TrainingFile

_ASSIGNMENTS = pa.schema(
    {
        "_id": pa.string(),
        "Wafer": pa.string(),
        "cluster": pa.int32(),
        "distance": pa.float64(),
        "distance_percentile": pa.float64(),
    }
)


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
    with TrainingFile(training) as wafers:
        found = learn_clusters(wafers, read_json(preprocessor / PREPROCESSOR, Preprocessor), recipe)
        failed = wafers.failed
        _write_assignments(wafers, found, assignments)
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
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(elbow_page(elbow, done.wafers, done.failures, recipe), encoding="utf-8")
    return done


def _write_assignments(wafers: TrainingFile, found: Clusters, path: Path) -> None:
    percentile = found.model.percentile(found.distance)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, _ASSIGNMENTS) as writer:
        row = 0
        for head in wafers.heads(["_id", "_wafer"]):
            rows = slice(row, row + len(head))
            learned = [found.labels[rows].astype(np.int32), found.distance[rows], percentile[rows]]
            writer.write_table(pa.table([*head.columns, *learned], schema=_ASSIGNMENTS))
            row = rows.stop
