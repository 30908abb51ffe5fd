"""The DAG of outcomes: validate labelled files, keep what they say, and match it to what was predicted."""

from kfp import dsl
from kfp.dsl import PIPELINE_JOB_ID_PLACEHOLDER
from kfp.dsl.graph_component import GraphComponent

from db_operation_train.component import match
from pipelines.intake import Intake
from pipelines.outcome import OUTCOME, record_outcome
from pipelines.tasks import Deployment, prepare
from wafer.built_in import BUILT_IN

KIND = "outcomes"


def outcomes_pipeline(deployment: Deployment) -> GraphComponent:
    """The DAG of outcomes with every stage in its image."""

    @dsl.pipeline(
        name="wafer-fault-outcomes",
        description="Take in what predicted wafers turned out to be, from a folder of labelled CSV batches.",
    )
    def wafer_fault_outcomes(
        source: str,
        run_id: str = "",
        schema: str = "",
        policy: str = "",
        contract: str = BUILT_IN,
    ) -> None:
        """Take in outcomes.

        Args:
            source: Folder or s3://bucket/prefix with labelled CSV batches, or with files of wafer and outcome alone.
            run_id: Name of this run in the store; empty: Kubeflow's own run id.
            schema: Schema file to use instead of the built-in contract (URI); empty: the built-in one.
            policy: Policy file to use instead of the built-in one (URI); empty: the built-in one.
            contract: Name of the contract, whose model the run is about; schema and policy are then files of it.
        """
        job_id = PIPELINE_JOB_ID_PLACEHOLDER
        given = {"source": source, "run_id": run_id, "schema": schema, "policy": policy, "contract": contract}
        intake = Intake(deployment=deployment, kind=KIND, **given)
        outcome = record_outcome(pipeline="outcomes", run_id=run_id, job_id=job_id)
        prepare(outcome, deployment, OUTCOME)
        with dsl.ExitHandler(outcome, name="outcomes"):
            validated = intake.validated()

            matched = match(
                run_id=validated.outputs["Output"],
                contract=contract,
                schema=schema,
                policy=policy,
                accepted=validated.outputs["accepted"],
                manifest=validated.outputs["manifest"],
                validation_report=validated.outputs["report"],
            )
            prepare(matched, deployment)

    return wafer_fault_outcomes
