"""Documents as the columns in which they are loaded."""

from collections.abc import Iterable, Iterator

import numpy as np

from wafer.documents import Document, DocumentRows


def document_rows(documents: Iterable[Document]) -> DocumentRows:
    """Documents of any sensors side by side; where one has no reading of another's sensor, there is none."""
    every = list(documents)
    sensors = tuple(dict.fromkeys(sensor for each in every for sensor in each["readings"]))
    readings = [[each["readings"].get(sensor, np.nan) for sensor in sensors] for each in every]
    return DocumentRows(
        [each["_id"] for each in every],
        [each["wafer"] for each in every],
        [each["file"] for each in every],
        [each["sha256"] for each in every],
        [each.get("label") for each in every],
        sensors,
        np.array(readings, dtype=np.float64).reshape(len(every), len(sensors)),
    )


def documents_of(rows: DocumentRows, kind: str) -> Iterator[Document]:
    """The documents that rows stand for."""
    for head, row in zip(rows.heads(kind), rows.readings, strict=True):
        found = zip(rows.sensors, row.tolist(), strict=True)
        yield {**head, "readings": {sensor: value for sensor, value in found if not np.isnan(value)}}
