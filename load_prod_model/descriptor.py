"""What the promotion stage declares about itself."""

from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="promote",
            label="Decide on production",
            cached=False,
            needs=Needs(mib=500, kib_a_wafer=1, ms_a_wafer=0.4),
            counts={"model_version": "version", "promoted": "in production"},
            preload=(
                "mlflow.tracking",
                "mlflow.store.tracking.sqlalchemy_store",
                "mlflow.store.model_registry.sqlalchemy_store",
                "wafer.registry.registry",
                "matplotlib.backends.backend_svg",
                "load_prod_model.promotion",
            ),
            branch="registry",
        ),
    )
)
