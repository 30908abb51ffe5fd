"""The JSON of what a bundle holds: dataclasses by their fields, numpy arrays as lists; read back by their types.

Floats keep every bit, so what was read and written again has the same bytes.
"""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import numpy as np
from pydantic import JsonValue, PlainSerializer, PlainValidator, TypeAdapter

from wafer.wafers.arrays import Floats

T = TypeVar("T")
JsonObject = dict[str, JsonValue]


def _array(rows: Sequence[float] | Sequence[Sequence[float]]) -> Floats:
    return np.array(rows, dtype=np.float64)


FloatsInJson = Annotated[Floats, PlainValidator(_array), PlainSerializer(lambda array: array.tolist())]


def to_json(value: object) -> JsonValue:
    """Return a dataclass, or what is JSON already, as what `json` can write."""
    plain: JsonValue = TypeAdapter(type(value)).dump_python(value)
    return plain


def from_json(kind: type[T], data: JsonValue) -> T:
    """Build it from what `to_json` returned. Raises ValueError for JSON of another form."""
    return TypeAdapter(kind).validate_python(data)
