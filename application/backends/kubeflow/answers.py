"""What Kubeflow's answers say of a run."""

from datetime import UTC
from typing import Any

from application.runs.run import Run, now
from wafer.runs import Pipeline, RunError, TaskRecord


def run_of(found: Any, pipeline: Pipeline) -> Run:  # noqa: ANN401 - kfp's V2beta1Run
    """A run of one of our pipelines, whoever started it."""
    parameters = dict((found.runtime_config.parameters if found.runtime_config else None) or {})
    source = str(parameters.pop("source", ""))
    run_id = str(parameters.pop("run_id", "") or found.run_id)
    created = found.created_at.astimezone(UTC).isoformat(timespec="milliseconds") if found.created_at else now()
    return Run(run_id, pipeline, source, parameters, created, "kubeflow", backend="kubeflow", native_id=found.run_id)


def error_of(tasks: tuple[TaskRecord, ...]) -> RunError:
    """The error of a run whose tasks left no record of one."""
    failed = next((each for each in tasks if each.state != "succeeded"), None)
    if failed and failed.error:
        return failed.error
    where = f"in stage {failed.name}" if failed else "before its first stage"
    return RunError(
        "STAGE_FAILED",
        f"The run ended on Kubeflow {where} without an error of its own: it was stopped, or a pod could not start "
        "or ran out of memory. A retry continues there.",
        stage=failed.name if failed else None,
        retry_helps=True,
    )
