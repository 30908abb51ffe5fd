"""What else the line knows of a wafer: the columns of a prediction that its contract names."""

import json

import pyarrow as pa

from wafer.store import layout


def context_of(table: pa.Table) -> dict[str, str]:
    """The columns of the wafers' context, by the line's name for each."""
    found: dict[str, str] = json.loads((table.schema.metadata or {}).get(layout.CONTEXT.encode(), b"{}"))
    return found
