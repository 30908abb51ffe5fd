"""What `mlflow.pyfunc.load_model("models:/wafer-fault@production")` loads: a verified bundle, and no pickle.

A registered version carries this module and what it imports, so it is served where nothing else of the project is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wafer.errors import ContractMismatch
from wafer.model.assembly import load_bundle
from wafer.model.scoring import ModelBundle
from wafer.wafers.names import without_blanks

if TYPE_CHECKING:
    import pandas as pd

WAFER = "Wafer"  # column of the ids, as a bundle is asked
Spellings = Mapping[str, Sequence[str]]  # a name of the contract -> others that files may use


class WaferModel:
    """A bundle in the shape MLflow asks of a model."""

    def __init__(self, bundle: ModelBundle, id_column: str = WAFER, spellings: Spellings | None = None) -> None:
        self.bundle = bundle
        schema = {id_column: WAFER} | {sensor: sensor for sensor in (WAFER, *bundle.preprocessor.contract)}
        others = {other: schema[name] for name, found in (spellings or {}).items() for other in found if name in schema}
        self._names = {without_blanks(spelling): name for spelling, name in (others | schema).items()}

    def predict(self, wafers: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":  # noqa: ARG002
        """Score wafers: one row a wafer with verdict, probability, threshold, cluster.

        Sensors are named as the contract accepts them, blanks never matter, and other columns are left alone. Raises
        ContractMismatch for a sensor that is missing or there twice.
        """
        known = {column: self._names.get(without_blanks(str(column))) for column in wafers.columns}
        renamed = wafers[[column for column, name in known.items() if name]].rename(columns=known)
        if twice := renamed.columns[renamed.columns.duplicated()].tolist():
            raise ContractMismatch(
                f"The wafers have the column {twice[0]!r} twice, in two spellings. Leave one of them."
            )
        return self.bundle.score(renamed).frame()


def _load_pyfunc(path: str, config: Mapping[str, Any] | None = None) -> WaferModel:
    """Load a version; one that was registered before has no configuration."""
    return WaferModel(load_bundle(Path(path)), **(config or {}))
