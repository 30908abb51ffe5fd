"""What the load stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="load",
            label="Load into the database",
            cached=False,
            counts={"inserted": "new", "already": "known"},
            preload=("db_operation_train.stage",),
        ),
    )
)
