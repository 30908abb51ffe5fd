"""What the transformation stage declares about itself."""

from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="transform",
            label="Join the batches",
            needs=Needs(mib=500, kib_a_wafer=0.5, ms_a_wafer=0.1),
            counts={"wafers": "wafers", "failures": "failing"},
            preload=("data_transformation_train.stage",),
        ),
    )
)
