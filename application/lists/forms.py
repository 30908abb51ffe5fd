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
    lot = re.sub(r"[^A-Za-z0-9._-]+", "-", source.rstrip("/").rpartition("/")[2]).strip("-.")
    return "-".join(filter(None, ["predictions", run_id, lot[:80]])) + f".{form}"
