"""What the validation stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="validate",
            label="Check files and rows",
            cached=False,
            counts={
                "files": "files",
                "files_good": "files good",
                "rows_in": "rows",
                "rows_good": "rows good",
                "rows_quarantined": "rows quarantined",
            },
            preload=("raw_data_validation_train.stage",),
        ),
    )
)
