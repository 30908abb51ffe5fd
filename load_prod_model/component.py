"""The promotion stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/load_prod_model", install_kfp_package=False)
def promote(
    run_id: str,
    contract: str,
    promotion: str,
    manifest: Input[Artifact],
    validation_report: Input[HTML],
    export: Input[Dataset],
    input_file: Input[Dataset],
    training: Input[Dataset],
    preprocessor: Input[Model],
    cluster_model: Input[Model],
    elbow: Input[HTML],
    global_models: Input[Model],
    members: Input[list[Model]],
    bundle: Output[Model],
    decision: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> int:
    """Assemble the bundle, register it, decide on production, publish the training's folder; returns the version."""
    from load_prod_model.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("promote", run_id, declared=STAGE) as stage:
        from pathlib import Path

        from load_prod_model.promotion import Parts, promote_run
        from wafer.documents import open_documents
        from wafer.evaluation.decision import mode_of
        from wafer.registry import open_registry
        from wafer.settings import Settings

        settings = Settings()
        with open_documents(settings.documents_uri) as documents:
            result = promote_run(
                Parts(
                    manifest=Path(manifest.path),
                    validation_report=Path(validation_report.path),
                    export=Path(export.path),
                    input_file=Path(input_file.path),
                    training=Path(training.path),
                    preprocessor=Path(preprocessor.path),
                    cluster_model=Path(cluster_model.path),
                    elbow=Path(elbow.path),
                    global_models=Path(global_models.path),
                    clusters=[Path(each.path) for each in members],
                ),
                run_id=run_id,
                contract=contract,
                store=stage.store,
                documents=documents,
                registry=open_registry(settings.tracking_uri, contract),
                bundle=Path(bundle.path),
                decision=Path(decision.path),
                report=Path(report.path),
                mode=mode_of(promotion, settings.promotion),
                user=settings.user,
                rule=settings.threshold,
            )
        stage.count(model_version=result.model_version, promoted=result.promoted, auc=result.metrics.auc)
        for name, value in result.metrics.to_json().items():
            metrics.log_metric(name, value)
    return result.model_version
