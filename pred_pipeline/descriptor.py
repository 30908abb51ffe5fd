"""What the prediction stage declares about itself."""

from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="select-model",
            label="Choose the model",
            size="small",
            cached=False,
            counts={"model_version": "version"},
            preload=(
                "mlflow.tracking",
                "mlflow.store.tracking.sqlalchemy_store",
                "mlflow.store.model_registry.sqlalchemy_store",
                "wafer.registry.registry",
                "pred_pipeline.serving",
            ),
            branch="registry",
        ),
        Task(
            name="predict",
            label="Predict and publish",
            cached=False,
            needs=Needs(mib=700, kib_a_wafer=1, ms_a_wafer=0.2),
            counts={"failing": "fail", "inspect": "inspect", "passing": "pass", "learned": "learned from"},
            preload=("pred_pipeline.stage", "pred_pipeline.recent_scores", "pred_pipeline.shadow"),
        ),
    )
)
