"""The records that a run's tasks leave in the store, and the outcome of the run as they tell it."""

from wafer.runs.records import (
    Counts,
    Outcome,
    RunError,
    State,
    TaskRecord,
    judge,
    record_outcome,
    resolve_run_id,
    run_stage,
    task_records,
)
from wafer.store.layout import Pipeline

__all__ = [
    "Counts",
    "Outcome",
    "Pipeline",
    "RunError",
    "State",
    "TaskRecord",
    "judge",
    "record_outcome",
    "resolve_run_id",
    "run_stage",
    "task_records",
]
