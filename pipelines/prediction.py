"""The prediction DAG: select the production model and validate, transform, load, predict and publish."""

from kfp import dsl
from kfp.dsl import PIPELINE_JOB_ID_PLACEHOLDER
from kfp.dsl.graph_component import GraphComponent

from pipelines.intake import Intake
from pipelines.outcome import OUTCOME, record_outcome
from pipelines.tasks import Deployment, prepare
from pred_pipeline.component import predict, select_model
from wafer.built_in import BUILT_IN

KIND = "prediction"


def prediction_pipeline(deployment: Deployment) -> GraphComponent:
    """The prediction DAG with every stage in its image."""

    @dsl.pipeline(
        name="wafer-fault-prediction",
        description="Predict which wafers of a folder of CSV batches are faulty, with the production model.",
    )
    def wafer_fault_prediction(
        source: str,
        run_id: str = "",
        schema: str = "",
        policy: str = "",
        contract: str = BUILT_IN,
        false_alarm_budget: float = 0.0,
        threshold: str = "",
    ) -> None:
        """Predict a folder of batches.

        Args:
            source: Folder or s3://bucket/prefix that holds the CSV batches.
            run_id: Name of this run in the store; empty: Kubeflow's own run id.
            schema: Schema file to use instead of the built-in contract (URI); empty: the built-in one.
            policy: Policy file to use instead of the built-in one (URI); empty: the built-in one.
            contract: Name of the contract, whose model the run is about; schema and policy are then files of it.
            false_alarm_budget: Share of good wafers that may be flagged; 0: as the model was trained.
            threshold: fixed: that of the training; recent: by rank among recent scores; empty: as WAFER_THRESHOLD says.
        """
        job_id = PIPELINE_JOB_ID_PLACEHOLDER
        given = {"source": source, "run_id": run_id, "schema": schema, "policy": policy, "contract": contract}
        intake = Intake(deployment=deployment, kind=KIND, **given)
        outcome = record_outcome(pipeline="predict", run_id=run_id, job_id=job_id)
        prepare(outcome, deployment, OUTCOME)
        with dsl.ExitHandler(outcome, name="predict"):
            selected = select_model(run_id=run_id, job_id=job_id, contract=contract)
            prepare(selected, deployment)

            validated = intake.validated()
            run = validated.outputs["Output"]
            loaded = intake.loaded(validated)

            predicted = predict(
                run_id=run,
                contract=contract,
                model_version=selected.outputs["Output"],
                false_alarm_budget=false_alarm_budget,
                threshold=threshold,
                export=loaded.outputs["export"],
                input_file=loaded.outputs["input_file"],
                bundle=selected.outputs["bundle"],
                candidate=selected.outputs["candidate"],
                manifest=validated.outputs["manifest"],
                validation_report=validated.outputs["report"],
            )
            prepare(predicted, deployment)

    return wafer_fault_prediction
