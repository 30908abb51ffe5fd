"""What `mlflow.pyfunc.load_model("models:/wafer-fault@production")` loads: a verified bundle, and no pickle."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from wafer.model.scoring import ModelBundle


class WaferModel:
    """A bundle in the shape MLflow asks of a model."""

    def __init__(self, bundle: "ModelBundle") -> None:
        self.bundle = bundle

    def predict(self, wafers: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":  # noqa: ARG002
        """Score wafers: one row a wafer with verdict, probability, threshold, cluster; sensors by schema name."""
        return self.bundle.score(wafers).frame()


def _load_pyfunc(path: str) -> WaferModel:
    from pathlib import Path

    from wafer.model.assembly import load_bundle

    return WaferModel(load_bundle(Path(path)))
