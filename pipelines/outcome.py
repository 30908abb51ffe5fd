"""The exit task of every DAG: records how the run ended, whatever happened before."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus

from pipelines.table import Planned
from wafer.stages import Task

OUTCOME = Planned(
    "raw_data_validation_train", Task(name="record-outcome", label="Record the outcome", size="small", cached=False)
)


@dsl.component(base_image="wafer-fault/raw_data_validation_train", install_kfp_package=False)
def record_outcome(pipeline: str, run_id: str, job_id: str, status: PipelineTaskFinalStatus) -> None:  # noqa: ARG001
    """Judge the run by its published marker and its stages' records, and keep what it finds in the store.

    `status` makes this the exit task; the cluster backend fills it with RUNNING after a failure, so it is not read.
    """
    from wafer.runs import record_outcome, resolve_run_id
    from wafer.store.layout import PUBLISHED

    record_outcome(resolve_run_id(run_id, job_id), next(each for each in PUBLISHED if each == pipeline))
