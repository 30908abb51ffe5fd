"""What the clustering stage declares about itself."""

from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="cluster",
            label="Find clusters",
            needs=Needs(mib=700, kib_a_wafer=1, ms_a_wafer=0.3),
            counts={"clusters": "clusters"},
            preload=(
                "scipy.sparse",
                "scipy.special",
                "scipy.stats",
                "sklearn.utils",
                "sklearn.ensemble",
                "sklearn.cluster",
                "kneed",
                "clustering.stage",
            ),
            branch="learning",
        ),
    )
)
