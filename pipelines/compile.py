"""Compiles both DAGs: plain packages, and Kubernetes Pipeline and PipelineVersion resources."""

import hashlib
from pathlib import Path

from kfp import compiler
from kfp.compiler.compiler_utils import KubernetesManifestOptions
from kfp.dsl.graph_component import GraphComponent

from pipelines.images import Images, development_images, read_images
from pipelines.prediction import prediction_pipeline
from pipelines.training import training_pipeline


def graphs(images: Images) -> dict[str, GraphComponent]:
    """Both DAGs by their route."""
    return {"train": training_pipeline(images), "predict": prediction_pipeline(images)}


def compile_all(folder: Path, images: Path | None = None) -> list[Path]:
    """Write `<route>.yaml` and `<route>.kubernetes.yaml` for both DAGs; the paths written.

    A PipelineVersion is named by the content of its package: a changed DAG is a new version, an unchanged one is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for route, graph in graphs(read_images(images) if images else development_images()).items():
        plain = folder / f"{route}.yaml"
        compiler.Compiler().compile(graph, str(plain))
        manifest = folder / f"{route}.kubernetes.yaml"
        compiler.Compiler().compile(
            graph,
            str(manifest),
            kubernetes_manifest_format=True,
            kubernetes_manifest_options=KubernetesManifestOptions(
                pipeline_name=f"wafer-fault-{route}",
                pipeline_version_name=f"wafer-fault-{route}-{_content(plain)}",
                namespace="kubeflow",
                include_pipeline_manifest=True,
            ),
        )
        written += [plain, manifest]
    return written


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
