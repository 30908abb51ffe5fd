"""The prediction stage as Kubeflow Pipelines components: select the model; predict and publish."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/pred_pipeline", install_kfp_package=False)
def select_model(run_id: str, job_id: str, contract: str, bundle: Output[Model], candidate: Output[Model]) -> int:
    """Fetch the contract's production model, and the one that waits for a person; without the first the run fails.

    Returns the version in production.
    """
    from pred_pipeline.descriptor import STAGE
    from wafer.runs import resolve_run_id, run_stage

    with run_stage("select-model", resolve_run_id(run_id, job_id), declared=STAGE) as stage:
        from pathlib import Path

        from pred_pipeline.serving import fetch_candidate, fetch_production
        from wafer.registry import open_registry
        from wafer.settings import Settings

        registry = open_registry(Settings().tracking_uri, contract)
        version = fetch_production(registry, Path(bundle.path))
        fetch_candidate(registry, Path(candidate.path))
        bundle.metadata["version"] = version
        stage.count(model_version=version)
    return version


@dsl.component(base_image="wafer-fault/pred_pipeline", install_kfp_package=False)
def predict(
    run_id: str,
    contract: str,
    model_version: int,
    false_alarm_budget: float,
    threshold: str,
    export: Input[Dataset],
    input_file: Input[Dataset],
    bundle: Input[Model],
    candidate: Input[Model],
    manifest: Input[Artifact],
    validation_report: Input[HTML],
    predictions: Output[Dataset],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> None:
    """Score every wafer of the run, most suspicious first, and publish the run's folder, complete or invisible."""
    from pred_pipeline.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("predict", run_id, declared=STAGE) as stage:
        import shutil
        from pathlib import Path

        from pred_pipeline.buckets import AT_ONCE
        from pred_pipeline.recent_scores import RecentScores
        from pred_pipeline.serving import publish_predictions
        from pred_pipeline.shadow import predict_in_shadow
        from pred_pipeline.stage import predict_wafers
        from wafer.engine import open_engine
        from wafer.evaluation.rule import rule_of
        from wafer.settings import Settings

        settings, recent = Settings(), RecentScores(stage.store, run_id, contract)
        rule = rule_of(threshold, settings.threshold)
        with open_engine(settings, AT_ONCE, run_id=run_id, task="predict") as engine:
            result = predict_wafers(
                Path(export.path),
                Path(bundle.path),
                Path(predictions.path),
                model_version=str(model_version),
                run_id=run_id,
                false_alarm_budget=false_alarm_budget or None,
                explained=settings.explained,
                rule=rule,
                before=recent.before,
                contract=contract,
                engine=engine,
            )
            shadow = predict_in_shadow(
                Path(export.path),
                Path(candidate.path),
                Path(predictions.path),
                run_id=run_id,
                false_alarm_budget=result.false_alarm_budget,
                rule=rule,
                before=recent.before,
                engine=engine,
            )
        shutil.copyfile(result.report, report.path)
        publish_predictions(
            stage.store,
            run_id,
            manifest=Path(manifest.path),
            validation_report=Path(validation_report.path),
            input_file=Path(input_file.path),
            export=Path(export.path),
            predictions=Path(predictions.path),
        )
        recent.keep(result.digest, result.scored)
        if shadow:
            recent.keep(shadow.digest, shadow.scored)
        counts = {name: getattr(result, name) for name in ("wafers", "failing", "inspect", "passing", "learned")}
        stage.measure(metrics, **counts)
        stage.count(false_alarm_budget=result.false_alarm_budget, **result.thresholds.to_json())
