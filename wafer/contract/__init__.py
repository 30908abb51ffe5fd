"""The data contract: the field's schema, read unchanged, the policy next to it, and the form of file names."""

from wafer.contract.contract import Contract
from wafer.contract.loading import load_contract
from wafer.contract.named import ContractFiles, Contracts, NamedContract
from wafer.contract.schema import KINDS, Kind, Schema
from wafer.wafers.names import without_blanks

__all__ = [
    "KINDS",
    "Contract",
    "ContractFiles",
    "Contracts",
    "Kind",
    "NamedContract",
    "Schema",
    "load_contract",
    "without_blanks",
]
