"""Print what `.ci/accepted.yaml` still accepts today, as options of pip-audit; every entry has a reason and an end."""

import datetime
import sys
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("accepted.yaml")


def accepted(text: str, today: datetime.date) -> list[str]:
    """Ids whose last day is not over; `ValueError` for an entry that is not complete."""
    entries = yaml.safe_load(text)["vulnerabilities"]
    for each in entries:
        if not (each.get("id") and each.get("statement") and isinstance(each.get("expired_at"), datetime.date)):
            raise ValueError(f"an accepted finding needs id, statement and expired_at: {each}")
    return [each["id"] for each in entries if each["expired_at"] >= today]


if __name__ == "__main__":
    found = accepted(FILE.read_text(encoding="utf-8"), datetime.datetime.now(datetime.UTC).date())
    sys.stdout.write("".join(f"--ignore-vuln={each}\n" for each in found))
