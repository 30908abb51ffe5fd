"""What the promotion stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="promote",
            label="Decide on production",
            cached=False,
            counts={"model_version": "version", "promoted": "in production"},
            preload=("mlflow.tracking", "mlflow.store.tracking.sqlalchemy_store", "load_prod_model.promotion"),
        ),
    )
)
