"""What the AWS environment says to every client of ours, looked at before the first call."""

import os
from pathlib import Path

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_TOKEN = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105 - the name of a variable
_BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


def region() -> str | None:
    """The region: AWS_REGION as in every SDK of AWS but boto3, else AWS_DEFAULT_REGION."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def unusable() -> str:
    """What of the environment cannot work, as a sentence without any value of a key; empty if nothing is known."""
    for name in _KEYS:
        value = os.environ.get(name, "")
        if value != value.strip() or not value.isprintable():
            return f"{name} begins or ends with a blank or a line end, as one that was read from a file: take it off."
    files = [name for name in _BUNDLES if os.environ.get(name)]
    if os.environ.get("AWS_ROLE_ARN") and os.environ.get(_TOKEN) and not os.environ.get(_KEYS[0]):
        files.append(_TOKEN)
    for name in files:
        if not os.access(path := Path(os.environ[name]), os.R_OK):
            return f"{name} names {path}, which is not there or cannot be read: mount the file, or correct the setting."
    return ""
