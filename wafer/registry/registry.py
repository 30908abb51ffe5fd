"""The registry on one MLflow server or in one SQLite file."""

from wafer.registry.promotions import Promotions
from wafer.registry.training_log import TrainingLog


class MlflowRegistry(TrainingLog, Promotions):
    """A `Registry`: the training log, and the versions with their promotions, on the same MLflow."""
