"""What the preprocessing stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="preprocess",
            label="Preprocess",
            counts={"sensors_kept": "sensors kept"},
            preload=("preprocessing_train.stage",),
        ),
    )
)
