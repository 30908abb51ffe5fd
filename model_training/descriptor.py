"""What the training stage declares about itself."""

from wafer.stages import Stage, Task

STAGE = Stage(
    tasks=(
        Task(
            name="train-global",
            label="Train over all wafers",
            size="large",
            counts={"auc_random_forest": "AUC of the forest", "auc_xgboost": "AUC of XGBoost"},
            preload=("xgboost", "model_training.stage"),
        ),
        Task(
            name="train-cluster",
            label="Train each cluster",
            size="large",
            item_label="Train cluster",
            counts={"wafers": "wafers", "auc": "AUC", "family": "family"},
        ),
    )
)
