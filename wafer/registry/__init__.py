"""The model registry and the training history, on MLflow: the only place that knows mlflow."""

from wafer.registry.registry import (
    MODEL,
    PRODUCTION,
    PRODUCTION_LOG,
    Member,
    ModelVersion,
    Parameter,
    Registry,
    TrainingRecord,
)

__all__ = ["MODEL", "PRODUCTION", "PRODUCTION_LOG", "Member", "ModelVersion", "Parameter", "Registry", "TrainingRecord"]
