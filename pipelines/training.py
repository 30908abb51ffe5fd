"""The training DAG: validate, transform, load, preprocess, cluster, train every cluster, promote."""

from kfp import dsl
from kfp.dsl import PIPELINE_JOB_ID_PLACEHOLDER
from kfp.dsl.graph_component import GraphComponent

from clustering.component import cluster
from load_prod_model.component import promote
from model_training.component import train_cluster, train_global
from pipelines.intake import Intake
from pipelines.outcome import OUTCOME, record_outcome
from pipelines.tasks import Deployment, prepare
from preprocessing_train.component import preprocess
from wafer.built_in import BUILT_IN

KIND = "training"


def training_pipeline(deployment: Deployment) -> GraphComponent:
    """The training DAG with every stage in its image."""

    @dsl.pipeline(
        name="wafer-fault-training",
        description="Train a wafer fault model on a folder of labelled CSV batches and decide on its promotion.",
    )
    def wafer_fault_training(
        source: str,
        run_id: str = "",
        schema: str = "",
        policy: str = "",
        contract: str = BUILT_IN,
        false_alarm_budget: float = 0.10,
        max_clusters: int = 10,
        seed: int = 7,
        promotion: str = "",
        outcomes: str = "",
    ) -> None:
        """Train on labelled batches.

        Args:
            source: Folder or s3://bucket/prefix that holds the labelled CSV batches.
            run_id: Name of this run in the store; empty: Kubeflow's own run id.
            schema: Schema file to use instead of the built-in contract (URI); empty: the built-in one.
            policy: Policy file to use instead of the built-in one (URI); empty: the built-in one.
            contract: Name of the contract, whose model the run is about; schema and policy are then files of it.
            false_alarm_budget: Share of good wafers that the decision threshold may flag.
            max_clusters: Most clusters that the elbow search considers.
            seed: Seed of everything random.
            promotion: auto: the training puts a better model into production; candidate: a person does; empty: as
                WAFER_PROMOTION says.
            outcomes: Batches made of predictions and their outcomes (URI), to learn from as well; empty: none.
        """
        job_id = PIPELINE_JOB_ID_PLACEHOLDER
        given = {"source": source, "run_id": run_id, "schema": schema, "policy": policy, "contract": contract}
        intake = Intake(deployment=deployment, kind=KIND, **given)
        outcome = record_outcome(pipeline="train", run_id=run_id, job_id=job_id)
        prepare(outcome, deployment, OUTCOME)
        with dsl.ExitHandler(outcome, name="train"):
            validated = intake.validated(also=outcomes)
            run = validated.outputs["Output"]
            loaded = intake.loaded(validated)
            export = loaded.outputs["export"]

            preprocessed = preprocess(run_id=run, export=export)
            prepare(preprocessed, deployment)
            training, preprocessor = preprocessed.outputs["training"], preprocessed.outputs["preprocessor"]
            learned = {"training": training, "preprocessor": preprocessor}
            chosen = {"seed": seed, "max_clusters": max_clusters}

            clustered = cluster(run_id=run, **chosen, **learned)
            prepare(clustered, deployment)

            fitted = train_global(run_id=run, false_alarm_budget=false_alarm_budget, **chosen, **learned)
            prepare(fitted, deployment)

            with dsl.ParallelFor(clustered.outputs["Output"], name="clusters") as number:
                # The run id comes as a pipeline parameter: kfp.local 2.17.0 puts the loop's item in the place of any
                # parameter that another task put out.
                trained = train_cluster(
                    run_id=run_id,
                    job_id=job_id,
                    cluster=number,
                    **learned,
                    cluster_model=clustered.outputs["cluster_model"],
                    global_models=fitted.outputs["global_models"],
                )
                prepare(trained, deployment)

            promoted = promote(
                run_id=run,
                contract=contract,
                promotion=promotion,
                manifest=validated.outputs["manifest"],
                validation_report=validated.outputs["report"],
                export=export,
                input_file=loaded.outputs["input_file"],
                training=training,
                preprocessor=preprocessor,
                cluster_model=clustered.outputs["cluster_model"],
                elbow=clustered.outputs["elbow"],
                global_models=fitted.outputs["global_models"],
                members=dsl.Collected(trained.outputs["member"]),
            )
            prepare(promoted, deployment)

    return wafer_fault_training
