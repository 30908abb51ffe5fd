"""What the preprocessing stage declares about itself."""

from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="preprocess",
            label="Preprocess",
            needs=Needs(mib=800, kib_a_wafer=1.0, ms_a_wafer=0.3),
            counts={"sensors_kept": "sensors kept"},
            preload=("preprocessing_train.stage",),
        ),
    )
)
