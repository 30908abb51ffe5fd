"""What a wafer's document is, and many of them as columns, which is how they are loaded."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt
import orjson

Floats = npt.NDArray[np.float64]


class Head(TypedDict):
    """A document without its readings."""

    _id: str
    wafer: str
    file: str
    sha256: str
    kind: str
    context: NotRequired[list[list[str]]]  # name and text of what the line knows besides the readings
    label: NotRequired[int]  # training only: 0 = pass, 1 = fail


class Document(Head):
    """One wafer as one file measured it; a sensor without a reading is left out of `readings`.

    Readings are finite: the JSON in SQLite has no other numbers.

    `_id` is derived from the content: the file's sha256, the wafer's id, the sensors and readings and the label. So
    an `_id` that is already there stands for the same document, and a second load has nothing to compare or replace.
    Only `file` may differ, where the same bytes came under two names; the first one stays.
    """

    readings: dict[str, float]


@dataclass(frozen=True)
class DocumentRows:
    """Documents as columns. All have the same sensors, and NaN where one gave no reading.

    A dictionary for each wafer costs more than writing it: 590 sensors are 0.1 ms of Python objects.
    """

    ids: Sequence[str]
    wafers: Sequence[str]
    files: Sequence[str]
    sha256s: Sequence[str]
    labels: Sequence[int | None]
    sensors: tuple[str, ...]
    readings: Floats  # (documents, sensors), C order
    context_names: tuple[str, ...] = ()
    contexts: Sequence[Sequence[str]] = ()  # the texts of each document

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def texts(self) -> list[bytes]:
        """The readings of each row as the items of a JSON array, `null` for none; every number keeps all its bits."""
        return orjson.dumps(self.readings, option=orjson.OPT_SERIALIZE_NUMPY)[2:-2].split(b"],[") if len(self) else []

    def heads(self, kind: str) -> Iterator[Head]:
        """The documents without their readings."""
        origins = zip(self.ids, self.wafers, self.files, self.sha256s, self.labels, strict=True)
        for (identity, wafer, file, sha256, label), texts in zip(origins, self.contexts or repeat(()), strict=False):
            head: Head = {"_id": identity, "wafer": wafer, "file": file, "sha256": sha256, "kind": kind}
            if texts:
                head["context"] = [[name, text] for name, text in zip(self.context_names, texts, strict=True)]
            yield head if label is None else {**head, "label": label}

    @cached_property
    def digest(self) -> str:
        """Names the sensors, in their order."""
        return hashlib.sha256(orjson.dumps(self.sensors)).hexdigest()


def by_name(stored: Any, sensors: Callable[[str], Sequence[str]]) -> Document:  # noqa: ANN401 - as a database gives it
    """A document whose readings are stored in the order of the sensors that it names by their digest."""
    named = zip(sensors(stored.pop("sensors")), stored["readings"], strict=True)
    stored["readings"] = {sensor: value for sensor, value in named if value is not None}
    document: Document = stored
    return document
