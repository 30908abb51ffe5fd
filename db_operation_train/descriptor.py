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
        Task(
            name="match",
            label="Match to predictions",
            cached=False,
            needs=Needs(mib=400, kib_a_wafer=3, ms_a_wafer=1),
            counts={
                "matched": "matched",
                "unmatched": "unmatched",
                "new": "new",
                "known": "known",
                "changed": "changed",
                "predictions": "predictions",
            },
            preload=("db_operation_train.matching", "db_operation_train.outcome_files"),
        ),
    )
)
