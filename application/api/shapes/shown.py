"""What the interface shows of one of our own records."""

from typing import Self

from pydantic import BaseModel


class Shown(BaseModel):
    """Takes the fields that it has in common with a record from there."""

    @classmethod
    def of_record(cls, record: object, **others: object) -> Self:
        """The record's fields by their names; `others` are those that it has not, or by another name."""
        same = {name: getattr(record, name) for name in cls.model_fields if name not in others}
        return cls.model_validate(same | others)
