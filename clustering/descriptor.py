"""What the clustering stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="cluster",
            label="Find clusters",
            counts={"clusters": "clusters"},
            preload=(
                "scipy.sparse",
                "scipy.special",
                "scipy.stats",
                "pandas",
                "sklearn.utils",
                "sklearn.ensemble",
                "sklearn.cluster",
                "kneed",
                "clustering.stage",
            ),
        ),
    )
)
