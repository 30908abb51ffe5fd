"""What the training stage declares about itself."""

from wafer.model.recipe import FAMILIES
from wafer.stages import Needs, Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="train-global",
            label="Train over all wafers",
            size="large",
            needs=Needs(mib=500, kib_a_wafer=3, ms_a_wafer=3),
            counts={f"auc_{family.name}": f"AUC {family.label}" for family in FAMILIES},
            preload=("xgboost", "model_training.stage"),
            branch="learning",
        ),
        Task(
            name="train-cluster",
            label="Train each cluster",
            size="large",
            item_label="Train cluster",
            needs=Needs(mib=500, kib_a_wafer=3, ms_a_wafer=3),
            counts={"wafers": "wafers", "auc": "AUC", "family": "family"},
            branch="learning",
        ),
    )
)
