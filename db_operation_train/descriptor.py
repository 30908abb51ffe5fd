"""What the load stage declares about itself."""

from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="load",
            label="Load into the database",
            cached=False,
            needs=Needs(mib=600, kib_a_wafer=0.5, ms_a_wafer=0.7),
            counts={"inserted": "new", "already": "known"},
            preload=("db_operation_train.stage",),
        ),
    )
)
