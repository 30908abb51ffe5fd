"""Quality on wafers held out in three ways: the product and its peers on the same wafers of the same folds."""

import hashlib
import json
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.figures import Pooled
from benchmarks.folds import Fold, Plan, Protocol, folds_of
from benchmarks.quality_table import HEADERS, protocol_of, rows_by_group
from benchmarks.report import Section, this_machine
from benchmarks.source import batches, kind_of, learning_table, wafers_of
from benchmarks.systems import OLDER, Answer, System, product_digest, systems
from wafer.contract import load_contract
from wafer.files import write_file
from wafer.wafers.arrays import Bools, Wafers

Say = Callable[[str], None]


def measure_quality(data: Path | None, plan: Plan, *, cache: Path, say: Say) -> Section:
    """Ask every system in every fold, then pool the answers repeat by repeat."""
    machine, code = this_machine(), product_digest()
    with batches(data) as folder:
        table, source = learning_table(folder), kind_of(folder)
    wafers = wafers_of(table)
    folds = folds_of(wafers, load_contract("training").file_name, plan)
    pooled = _pooled(table, wafers, folds, plan, cache, say)
    return Section(
        name="quality",
        title="Quality",
        command=f"python -m benchmarks quality {plan.command()}",
        machine=machine,
        protocol=protocol_of(wafers, source, plan, code),
        headers=HEADERS,
        groups=rows_by_group(pooled, Counter(fold.protocol for fold in folds if fold.repeat == 0), plan),
        words=2,
    )


def _pooled(
    table: pa.Table, wafers: Wafers, folds: Sequence[Fold], plan: Plan, cache: Path, say: Say
) -> dict[tuple[Protocol, str], list[Pooled]]:
    """Answers by protocol and system, one `Pooled` a repeat; the dear older recipe comes last."""
    failed: Bools = wafers.known_failed
    cache.mkdir(parents=True, exist_ok=True)
    pooled: dict[tuple[Protocol, str], list[Pooled]] = {}
    for system in systems(quick=plan.quick):
        for fold in folds:
            if system.name == OLDER and not plan.takes_part(fold):
                continue
            answer = _answer(system, fold, table, wafers.ids, cache, say)
            repeats = pooled.setdefault((fold.protocol, system.name), [])
            if fold.number == 0:
                repeats.append(Pooled.empty(failed))
            repeats[-1].probability[fold.ask] = answer.probability
            repeats[-1].flagged[fold.ask] = answer.flagged
    return {which: [each.asked() for each in repeats] for which, repeats in pooled.items()}


def _answer(system: System, fold: Fold, table: pa.Table, ids: Sequence[str], cache: Path, say: Say) -> Answer:
    """Ask a system in a fold, or read what it answered before."""
    key = json.dumps([system.name, system.digest, list(ids), fold.learn.tolist(), fold.ask.tolist()])
    path = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    if path.exists():
        record = json.loads(path.read_text(encoding="utf-8"))
        return Answer(np.array(record["probability"]), np.array(record["flagged"], dtype=bool))
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers warn about clusters too small to search
        answer = system.answer(table.take(fold.learn), table.take(fold.ask))
    record = {"probability": answer.probability.tolist(), "flagged": answer.flagged.tolist()}
    write_file(path, json.dumps(record).encode())
    say(f"{fold.protocol} {fold.repeat + 1}.{fold.number + 1}: {system.name} {time.perf_counter() - start:.1f} s")
    return answer
