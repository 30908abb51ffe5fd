"""Wafers that neither model learned from, with the outcomes that arrived since: the most honest comparison there is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.documents import Documents
from wafer.model import ModelBundle, Wafers
from wafer.outcomes.matched import all_matched
from wafer.progress import reported
from wafer.store import Store
from wafer.wafers.arrays import Bools, Floats
from wafer.wafers.identity import Keys, keys_of

AT_ONCE = 2000  # documents


@dataclass(frozen=True, slots=True)
class Since:
    """Their outcomes, and what both models say of them."""

    failed: Bools
    ours: Floats
    theirs: Floats


def wafers_since(
    store: Store, contract: str, documents: Documents, learned: Keys, sensors: Sequence[str]
) -> Iterator[Wafers]:
    """Read wafers of a contract with a known outcome whose key is none of `learned`, each once, some at a time."""
    rows = all_matched(store, contract)
    rows = rows.filter(pc.is_valid(rows["key"]))
    if not len(rows):
        return
    rows = rows.sort_by([("received", "descending"), ("document", "ascending")])
    keys = keys_of(rows["key"])
    first = np.sort(np.unique(keys, return_index=True)[1])  # the outcome received last
    rows = rows.take(pa.array(first[~np.isin(keys[first], learned)]))
    failed = dict(zip(rows["document"].to_pylist(), rows["failed"].to_pylist(), strict=True))
    starts = range(0, len(rows), AT_ONCE)
    for start in reported(starts, len(starts), "parts of the wafers with an outcome read"):
        part = from_documents(documents, "prediction", rows["document"][start : start + AT_ONCE].to_pylist(), sensors)
        yield replace(part, failed=np.array([failed[each] for each in part.ids], dtype=bool))


def from_documents(documents: Documents, kind: str, ids: Sequence[str], sensors: Sequence[str]) -> Wafers:
    """Read wafers with their readings, as far as the database still holds them."""
    found = list(documents.read(kind, ids))
    readings = [[each["readings"].get(sensor, np.nan) for sensor in sensors] for each in found]
    return Wafers(
        ids=tuple(each["_id"] for each in found),
        names=tuple(each["wafer"] for each in found),
        files=tuple(each["file"] for each in found),
        sensors=tuple(sensors),
        readings=np.array(readings, dtype=np.float64).reshape(len(found), len(sensors)),
    )


def scored_since(challenger: ModelBundle, champion: ModelBundle, parts: Iterable[Wafers]) -> Since:
    """Let both models score them."""
    failed, ours, theirs = [np.empty(0, bool)], [np.empty(0)], [np.empty(0)]
    for part in parts:
        if len(part):
            failed.append(part.known_failed)
            ours.append(challenger.score(part).probability)
            theirs.append(champion.score(part).probability)
    return Since(np.concatenate(failed), np.concatenate(ours), np.concatenate(theirs))
