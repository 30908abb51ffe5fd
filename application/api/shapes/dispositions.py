"""What people and files tell of a wafer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from wafer.outcomes.dispositions import Word


class DispositionRequest(BaseModel):
    """What a person says of a wafer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"word": "confirmed-fault", "comment": "edge chipped"}]}
    )
    word: Word = Field(description="`comment` changes nothing; `withdrawn` takes earlier words of people back.")
    comment: str = Field("", max_length=1000)


class Told(BaseModel):
    """One word on a wafer: of a person (`who`, `word`), or of a file of outcomes (`file`)."""

    at: str
    who: str = ""
    word: Word | None = Field(None, description="Null: it came from a file.")
    comment: str = ""
    file: str = ""
    run_id: str = Field(description="The prediction that a person spoke of, or the run that took the file in.")
    outcome: Literal["pass", "fail"] | None = None
    counts: bool = Field(False, description="It is the word that counts.")


class WaferHistory(BaseModel):
    """Everything told of a wafer's readings, newest first; `outcome` is what the scorecard takes it for."""

    run_id: str
    wafer: str
    file: str
    outcome: Literal["pass", "fail"] | None
    told: list[Told]


class Appearance(BaseModel):
    """One prediction of the wafer by a version in production."""

    run_id: str
    file: str
    moment: str | None = Field(description="Of the batch, by its name; else when it was predicted.")
    model_version: int
    verdict: str
    probability: float
    threshold: float
    same_readings: bool = Field(description="Else the wafer was measured again, or another one has its name.")


class Appearances(BaseModel):
    """The other predictions of a wafer's name, newest run first."""

    run_id: str
    wafer: str
    searched: int = Field(description="So many of the newest prediction runs were searched.")
    predictions: list[Appearance]
