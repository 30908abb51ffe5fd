"""What `mlflow.pyfunc.load_model("models:/wafer-fault@production")` loads: a verified bundle, and no pickle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wafer.model.assembly import load_bundle
from wafer.model.scoring import ModelBundle

if TYPE_CHECKING:
    import pandas as pd


class WaferModel:
    """A bundle in the shape MLflow asks of a model."""

    def __init__(self, bundle: ModelBundle) -> None:
        self.bundle = bundle

    def predict(self, wafers: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":  # noqa: ARG002
        """Score wafers: one row a wafer with verdict, probability, threshold, cluster; sensors by schema name."""
        return self.bundle.score(wafers).frame()


def _load_pyfunc(path: str) -> WaferModel:
    return WaferModel(load_bundle(Path(path)))
