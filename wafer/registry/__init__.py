"""The model registry and the training history, on MLflow: the only place that knows mlflow."""

from wafer.registry.patience import persistently
from wafer.registry.promotion_log import Promotion
from wafer.registry.protocol import (
    MODEL,
    PRODUCTION,
    STAGING,
    UNSIGNED,
    ByHand,
    ChildRun,
    Declined,
    HowToAsk,
    LearnedFrom,
    ModelVersion,
    ModelVersions,
    Parameter,
    Registry,
    TrainingRecord,
    model_of,
    no_production,
    open_registry,
)

__all__ = [
    "MODEL",
    "PRODUCTION",
    "STAGING",
    "UNSIGNED",
    "ByHand",
    "ChildRun",
    "Declined",
    "HowToAsk",
    "LearnedFrom",
    "ModelVersion",
    "ModelVersions",
    "Parameter",
    "Promotion",
    "Registry",
    "TrainingRecord",
    "model_of",
    "no_production",
    "open_registry",
    "persistently",
]
