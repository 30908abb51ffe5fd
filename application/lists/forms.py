"""The forms in which a list of wafers is handed out as a file."""

import re
from typing import Literal

Form = Literal["csv", "xlsx"]
MEDIA: dict[Form, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_name(run_id: str, source: str, form: Form) -> str:
    """What the file is called: by the run, and the lot that it was asked about."""
    return joined_name("predictions", run_id, source.rstrip("/").rpartition("/")[2]) + f".{form}"


def joined_name(*parts: str) -> str:
    """A file's name of these parts, of signs that every system takes."""
    plain = (re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("-.")[:80] for part in parts)
    return "-".join(filter(None, plain))
