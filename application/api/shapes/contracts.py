"""Named contracts."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from application.api.shapes.shown import Shown
from wafer.contract import NamedContract
from wafer.registry import model_of

ContractChoice = Annotated[
    str, Field(max_length=40, description="Name of a contract as `GET /contracts` lists it; empty: the default.")
]


class Contract(Shown):
    """A contract that new runs can take, and the version of it that they get; `at` is in UTC."""

    name: str = Field(examples=["line-b"])
    digest: str
    model: str = Field(examples=["wafer-fault-line-b"], description="Its registered model in MLflow.")
    built_in: bool
    by: str
    at: str

    @classmethod
    def of(cls, contract: NamedContract) -> "Contract":
        """A contract as the interface shows it."""
        return cls.of_record(contract, model=model_of(contract.name))


class Contracts(BaseModel):
    """The built-in contract, then the others by name; `default` is that of whatever names none."""

    contracts: list[Contract]
    default: str


class ContractDetail(Contract):
    """A contract with its files."""

    files: dict[str, str] = Field(description="Text of each file by its name.")


class ContractRequest(BaseModel):
    """The files of a contract; one that is left out is that of the built-in contract."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    schema_training: dict[str, Any] | None = Field(None, description="Schema of the files to train on.")
    schema_prediction: dict[str, Any] | None = Field(None, description="Schema of the files to predict.")
    policy: str = Field("", max_length=200_000, description="The policy, as YAML.")
