"""The clustering stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import HTML, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/clustering", install_kfp_package=False)
def cluster(
    run_id: str,
    max_clusters: int,
    seed: int,
    training: Input[Dataset],
    preprocessor: Input[Model],
    cluster_model: Output[Model],
    assignments: Output[Dataset],
    elbow: Output[HTML],
    metrics: Output[Metrics],
) -> list[int]:
    """Group the wafers by KMeans; returns the clusters' numbers, over which the training fans out."""
    from clustering.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("cluster", run_id, declared=STAGE) as stage:
        from pathlib import Path

        from clustering.stage import cluster_wafers
        from wafer.model.recipe import Recipe

        result = cluster_wafers(
            Path(training.path),
            Path(preprocessor.path),
            Path(cluster_model.path),
            Path(assignments.path),
            Path(elbow.path),
            Recipe(seed=seed, max_clusters=max_clusters),
        )
        stage.count(wafers_by_cluster=result.wafers)
        stage.measure(metrics, clusters=len(result.clusters), elbow=result.elbow)
    return result.clusters
