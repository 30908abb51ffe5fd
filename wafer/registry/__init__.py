"""The model registry and the training history, on MLflow: the only place that knows mlflow."""

from wafer.registry.patience import persistently
from wafer.registry.protocol import (
    MODEL,
    PRODUCTION,
    STAGING,
    ChildRun,
    ModelVersion,
    ModelVersions,
    Parameter,
    Registry,
    TrainingRecord,
    open_registry,
)

__all__ = [
    "MODEL",
    "PRODUCTION",
    "STAGING",
    "ChildRun",
    "ModelVersion",
    "ModelVersions",
    "Parameter",
    "Registry",
    "TrainingRecord",
    "open_registry",
    "persistently",
]
