"""Compiles the DAGs: plain packages, and Kubernetes Pipeline and PipelineVersion resources."""

from pathlib import Path

import yaml
from kfp import compiler
from kfp.compiler.compiler_utils import KubernetesManifestOptions
from kfp.dsl.graph_component import GraphComponent

from pipelines.descriptors import described
from pipelines.graph import one_by_one
from pipelines.images import development_images, read_images
from pipelines.outcome import OUTCOME
from pipelines.outcomes import outcomes_pipeline
from pipelines.packages import PIPELINES
from pipelines.prediction import prediction_pipeline
from pipelines.table import FILE, Planned, to_json
from pipelines.tasks import Deployment
from pipelines.training import training_pipeline
from wafer.files import sha256_of
from wafer.stages import WAFERS


def graphs(deployment: Deployment) -> dict[str, GraphComponent]:
    """The DAGs by their route."""
    return {
        "train": training_pipeline(deployment),
        "predict": prediction_pipeline(deployment),
        "outcomes": outcomes_pipeline(deployment),
    }


def compile_all(folder: Path, images: Path | None = None, wafers: int = WAFERS) -> list[Path]:
    """Write `<route>.yaml` and `<route>.kubernetes.yaml` for every DAG and the table of their tasks; the paths written.

    Memory and time limits are those of runs with up to `wafers` wafers. A PipelineVersion is named by the content of
    its package: a changed DAG is a new version, an unchanged one is not.
    """
    written = write_packages(folder, Deployment(read_images(images) if images else development_images(), wafers))
    return [*written, _write_table(folder)]


def write_packages(folder: Path, deployment: Deployment) -> list[Path]:
    """The packages alone, with image references at hand."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for route, graph in graphs(deployment).items():
        plain, manifest = folder / f"{route}.yaml", folder / f"{route}.kubernetes.yaml"
        compiler.Compiler().compile(graph, str(plain))
        _write_manifest(graph, route, _content(plain), manifest)
        written += [plain, manifest]
    return written


def _write_table(folder: Path) -> Path:
    path = folder / FILE
    path.write_text(
        to_json({pipeline: _planned(folder / f"{pipeline}.yaml") for pipeline in PIPELINES}), encoding="utf-8"
    )
    return path


def _planned(package: Path) -> tuple[Planned, ...]:
    spec = next(iter(yaml.safe_load_all(package.read_text(encoding="utf-8"))))
    return tuple(described()[name] for name in one_by_one(spec) if name != OUTCOME.task.name)


def _write_manifest(graph: GraphComponent, route: str, content: str, path: Path) -> None:
    options = KubernetesManifestOptions(
        pipeline_name=f"wafer-fault-{route}",
        pipeline_version_name=f"wafer-fault-{route}-{content}",
        namespace="kubeflow",
        include_pipeline_manifest=True,
    )
    compiler.Compiler().compile(graph, str(path), kubernetes_manifest_format=True, kubernetes_manifest_options=options)


def _content(path: Path) -> str:
    return sha256_of(path)[:12]
