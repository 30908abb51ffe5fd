"""Labelled batches made of predictions and outcomes: a training reads them with others, and nobody sends them twice.

The readings are those of the documents, every bit of them. A set of batches is published under the digest of what it
holds, so the same outcomes are written once and what a training has read never changes.
"""

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from wafer.contract import Contract
from wafer.contract.policy import Policy
from wafer.documents import Documents
from wafer.errors import ContractInvalid, NotPublished, ObjectNotFound, SourceEmpty
from wafer.outcomes.matched import known_predictions
from wafer.store import Store, layout, publish, read_marker


class LabelledBatches(NamedTuple):
    """Where the batches lie, and how many wafers and files they are."""

    uri: str
    wafers: int
    files: int


@dataclass(frozen=True, slots=True)
class _Wafer:
    wafer: str
    key: str
    document: str
    failed: bool


def labelled_batches(
    store: Store, documents: Documents, contract: Contract, others: Collection[str] = ()
) -> LabelledBatches:
    """Publish every predicted wafer whose outcome is known as labelled CSV batches, one for each predicted file.

    A wafer's readings are there once, with the last word on them. Left out are wafers that no version predicted without
    having learned from them: they are in a training set already. `others` are names of the files that a training reads
    too; a batch of such a name gets the next free time stamp. One file's wafers are in memory, 100 bytes each.

    Raises SourceEmpty without any outcome, ContractInvalid for a policy whose files are of another form, ObjectNotFound
    when the database has lost readings.
    """
    _require_plain(contract.policy)
    matched = known_predictions(store, contract.name).every
    named = _named(_by_file(matched.filter(pc.invert(matched["shadow"]))), contract, others)
    if not named:
        raise SourceEmpty(
            "No predicted wafer of this contract has an outcome yet. Send some first: `wafer outcomes DIR`."
        )
    wafers = sum(map(len, named.values()))
    folder = layout.batch_set("train", f"outcomes-{_digest(named, contract)}")
    found = LabelledBatches(f"{store.uri}/{folder}", wafers, len(named))
    with suppress(NotPublished):
        read_marker(store, folder)
        return found
    with tempfile.TemporaryDirectory(prefix="wafer-outcomes-") as scratch:
        files: dict[str, Path | bytes] = {name: Path(scratch) / name for name in named}
        for name, rows in named.items():
            _write(Path(scratch) / name, rows, documents, contract)
        publish(store, folder, files, run_id=folder.rpartition("/")[2])
    return found


def _require_plain(policy: Policy) -> None:
    if policy.text != Policy().text or policy.wafer_id_from != Policy().wafer_id_from:
        raise ContractInvalid(
            "Batches made of outcomes are plain CSV with the wafer's id, and `text` or `wafer_id_from` of this policy "
            "excludes that. Train on labelled files of the line instead."
        )


def _by_file(matched: pa.Table) -> Mapping[str, list[_Wafer]]:
    """Wafers of each predicted file, each once: those that were forecasts for at least one version."""
    names = ("wafer", "key", "document", "failed", "file", "in_training")
    found: dict[tuple[str, str], tuple[str, _Wafer]] = {}
    last: dict[tuple[str, str], tuple[str, bool]] = {}
    columns = (matched[name].to_pylist() for name in (*names, "received"))
    for wafer, key, document, failed, file, in_training, received in zip(*columns, strict=True):
        identity = (wafer, "" if key is None else key.hex())
        last[identity] = max(last.get(identity, ("", False)), (received, failed))
        if key is not None and not in_training:
            found.setdefault(identity, (file, _Wafer(wafer, identity[1], document, failed)))
    files: dict[str, list[_Wafer]] = defaultdict(list)
    for identity, (file, row) in sorted(found.items()):
        files[file].append(_Wafer(row.wafer, row.key, row.document, last[identity][1]))
    return files


def _named(files: Mapping[str, list[_Wafer]], contract: Contract, others: Collection[str]) -> dict[str, list[_Wafer]]:
    taken, named = {*others}, {}
    for file, rows in sorted(files.items()):
        name = _free(file, taken, contract)
        taken.add(name)
        named[name] = rows
    return named


def _free(name: str, taken: Collection[str], contract: Contract) -> str:
    """The name, or the next one whose time stamp is free."""
    form = contract.file_name
    while name in taken:
        stamp, found = form.stamp(name), form.pattern.fullmatch(name)
        if not (stamp and found and "time" in found.groupdict()):
            raise ContractInvalid(f"Two batches are called {name}, and its form has no time stamp to tell them apart.")
        later = stamp + (timedelta(seconds=1) if "%S" in form.time_format else timedelta(minutes=1))
        parts = {"date": later.strftime(form.date_format), "time": later.strftime(form.time_format)}
        for part in sorted(parts, key=found.start, reverse=True):
            name = f"{name[: found.start(part)]}{parts[part]}{name[found.end(part) :]}"
    return name


def _digest(named: Mapping[str, Sequence[_Wafer]], contract: Contract) -> str:
    rows = [[name, [[each.wafer, each.key, each.failed] for each in some]] for name, some in sorted(named.items())]
    return hashlib.sha256(json.dumps([contract.digest, rows]).encode()).hexdigest()[:16]


def _write(path: Path, rows: Sequence[_Wafer], documents: Documents, contract: Contract) -> None:
    labels = {meaning == "fail": str(label) for label, meaning in reversed(contract.policy.labels.items())}
    written = 0
    with path.open("wb") as file:
        file.write(",".join(map(_quoted, contract.columns)).encode() + b"\n")
        for row, cells in zip(rows, _cells(rows, documents, contract), strict=False):
            file.write(b"%b,%b,%b\n" % (_quoted(row.wafer).encode(), cells, labels[row.failed].encode()))
            written += 1
    if written < len(rows):
        raise ObjectNotFound(
            f"The document database holds {written} of the {len(rows)} wafers predicted from {path.name}. Predict the "
            "batch again, or train on its labelled file."
        )


def _cells(rows: Sequence[_Wafer], documents: Documents, contract: Contract) -> Iterator[bytes]:
    """The readings of each wafer as CSV, with all their bits; ends early where a document is gone."""
    for row, document in zip(rows, documents.read("prediction", [row.document for row in rows]), strict=False):
        if document["_id"] != row.document:
            return
        readings = np.array([document["readings"].get(sensor, np.nan) for sensor in contract.sensors])
        yield orjson.dumps(readings, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].replace(b"null", b"")


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""')) if {*text} & {*',"'} else text
