"""The data contract: the field's schema, read unchanged, the policy beside it, and the form of file names."""

from wafer.contract.columns import without_blanks
from wafer.contract.contract import Contract
from wafer.contract.loading import load_contract
from wafer.contract.schema import KINDS, Kind, Schema

__all__ = ["KINDS", "Contract", "Kind", "Schema", "load_contract", "without_blanks"]
