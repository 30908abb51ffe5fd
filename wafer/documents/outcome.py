"""What a wafer turned out to be, as somebody told it: a document for each time that another file says so.

Nothing is ever replaced, so a file that comes again finds its documents, in sixteen processes too. Of several documents
about one wafer the one received last counts; the others are its history.
"""

import hashlib
from typing import NotRequired, TypedDict

from wafer.built_in import BUILT_IN


class Outcome(TypedDict):
    """One row of one file; `key` is the wafer's content key in hex, empty where the file holds no readings."""

    _id: str
    wafer: str
    key: str
    failed: bool
    file: str
    sha256: str
    run_id: str  # the run that received it first
    received: str  # when: ISO 8601 in UTC
    contract: NotRequired[str]  # name of the line's, if it is not the built-in one: two lines may name wafers alike


def outcome_of(
    wafer: str,
    key: str,
    *,
    failed: bool,
    file: str,
    sha256: str,
    run_id: str,
    received: str,
    contract: str = BUILT_IN,
) -> Outcome:
    """The document of a row: its `_id` stands for what the row says and for the file's bytes, not for who sent it."""
    named = () if contract == BUILT_IN else (contract,)
    told = "\n".join((sha256, wafer, key, "fail" if failed else "pass", *named))
    outcome: Outcome = {
        "_id": hashlib.sha256(told.encode()).hexdigest()[:32],
        "wafer": wafer,
        "key": key,
        "failed": failed,
        "file": file,
        "sha256": sha256,
        "run_id": run_id,
        "received": received,
    }
    return {**outcome, "contract": contract} if named else outcome


def contract_of(outcome: Outcome) -> str:
    """Name of the contract under which it was sent."""
    return outcome.get("contract", BUILT_IN)
