"""What the prediction stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="select-model",
            label="Choose the model",
            size="small",
            cached=False,
            counts={"model_version": "version"},
            preload=("mlflow.tracking", "mlflow.store.tracking.sqlalchemy_store", "pred_pipeline.serving"),
        ),
        Task(
            name="predict",
            label="Predict and publish",
            cached=False,
            counts={"failing": "fail", "inspect": "inspect", "passing": "pass"},
            preload=("pred_pipeline.stage",),
        ),
    )
)
