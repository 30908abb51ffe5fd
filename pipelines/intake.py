"""What every DAG does first: it validates the batches that it is given, and most of them load the wafers."""

from dataclasses import dataclass

from kfp.dsl import PIPELINE_JOB_ID_PLACEHOLDER, PipelineTask

from data_transformation_train.component import transform
from db_operation_train.component import load
from pipelines.tasks import Deployment, prepare
from raw_data_validation_train.component import validate


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The parameters of a pipeline that name its batches and their contract."""

    deployment: Deployment
    kind: str
    source: str
    run_id: str
    schema: str
    policy: str
    contract: str

    def validated(self, also: str = "") -> PipelineTask:
        """The task that validates; `also` names more batches, made of outcomes."""
        origin = {"source": self.source, "run_id": self.run_id, "job_id": PIPELINE_JOB_ID_PLACEHOLDER}
        return self._prepared(validate(kind=self.kind, also=also, **origin, **self._contract))

    def loaded(self, validated: PipelineTask) -> PipelineTask:
        """The task that loads the accepted wafers into the documents, after the one that joins the batches."""
        run, accepted = validated.outputs["Output"], validated.outputs["accepted"]
        joined = self._prepared(transform(run_id=run, kind=self.kind, accepted=accepted, **self._contract))
        return self._prepared(load(run_id=run, kind=self.kind, wafers=joined.outputs["wafers"]))

    @property
    def _contract(self) -> dict[str, str]:
        return {"schema": self.schema, "policy": self.policy, "contract": self.contract}

    def _prepared(self, task: PipelineTask) -> PipelineTask:
        prepare(task, self.deployment)
        return task
