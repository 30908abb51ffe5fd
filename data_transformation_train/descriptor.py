"""What the transformation stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="transform",
            label="Join the batches",
            counts={"wafers": "wafers", "failures": "failing"},
            preload=("data_transformation_train.stage",),
        ),
    )
)
