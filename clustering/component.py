"""The clustering stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import HTML, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/clustering", install_kfp_package=False)
def cluster(
    run_id: str,
    export: Input[Dataset],
    max_clusters: int,
    seed: int,
    cluster_model: Output[Model],
    assignments: Output[Dataset],
    elbow: Output[HTML],
    metrics: Output[Metrics],
) -> list[int]:
    """Group the wafers by KMeans; returns the clusters' numbers, over which the training fans out."""
    from wafer.runs import run_stage

    with run_stage("cluster", run_id) as stage:
        from pathlib import Path

        from clustering.stage import cluster_export

        result = cluster_export(
            Path(export.path),
            Path(cluster_model.path),
            Path(assignments.path),
            Path(elbow.path),
            max_clusters=max_clusters,
            seed=seed,
        )
        stage.count(**result.counts())
        for name, value in result.counts().items():
            metrics.log_metric(name, value)
    return result.clusters
