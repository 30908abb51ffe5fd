"""Outcomes of wafers that neither model learned from decide alone, where there are enough of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from load_prod_model.comparison import compare
from load_prod_model.since import wafers_since
from load_prod_model.tests.test_comparison import line, trained
from wafer.documents import DocumentRows, open_documents
from wafer.model import Wafers, content_keys
from wafer.outcomes.matched import SCHEMA
from wafer.store import layout, open_store, publish
from wafer.wafers.identity import as_column


def test_wafers_with_outcomes_that_nobody_learned_from_decide_alone() -> None:
    (wafers, failed), (later, known) = line(seed=5), line(seed=6)
    good, poor = trained(wafers, failed, 0.0), trained(wafers, failed, 3.0)
    good, poor = replace(good, model=poor.model), replace(poor, model=good.model)  # out of fold it is the other way

    found = compare(good, poor, 1, [wafers], since=[replace(later, failed=known)])

    assert (found.evidence, found.wafers, found.failures) == ("outcomes", 600, 60)
    assert found.low > 0


def test_too_few_outcomes_do_not_decide() -> None:
    (wafers, failed), (later, known) = line(seed=5), line(seed=6)
    few = np.arange(100)

    model, since = trained(wafers, failed, 1.0), [replace(later, failed=known).rows(few)]
    found = compare(model, model, 1, [wafers], since=since)

    assert (found.evidence, found.wafers) == ("out_of_fold", 600)


def test_each_wafer_is_read_once_with_the_outcome_received_last_unless_it_was_learned(tmp_path: Path) -> None:
    wafers, _ = line(3)
    store, keys = open_store(str(tmp_path / "store")), content_keys(wafers)
    rows = [(0, True, "2026-01-01"), (0, False, "2026-02-01"), (1, True, "2026-01-01"), (2, True, "2026-01-01")]
    columns = {
        "prediction": ["run-1", "run-2", "run-1", "run-1"],
        "contract": ["field"] * 4,
        "document": [wafers.ids[place] for place, _, _ in rows],
        "wafer": [wafers.names[place] for place, _, _ in rows],
        "key": as_column(keys[[place for place, _, _ in rows]]),
        "shadow": [False] * 4,
        "failed": [failed for _, failed, _ in rows],
        "received": [when for _, _, when in rows],
    }
    table = pa.table({each.name: columns.get(each.name, pa.nulls(4, each.type)) for each in SCHEMA}, SCHEMA)
    pq.write_table(table, tmp_path / "matched.parquet")
    publish(store, layout.published("outcomes", "o-1"), {layout.MATCHED: tmp_path / "matched.parquet"}, run_id="o-1")
    with open_documents(str(tmp_path / "documents.sqlite")) as documents:
        documents.insert("prediction", _rows(wafers))

        (found,) = wafers_since(store, "field", documents, keys[[2]], wafers.sensors)

    assert dict(zip(found.ids, found.known_failed.tolist(), strict=True)) == {wafers.ids[0]: False, wafers.ids[1]: True}
    assert np.array_equal(content_keys(found.rows(np.argsort(found.ids))), keys[[0, 1]])


def _rows(wafers: Wafers) -> DocumentRows:
    count = len(wafers)
    return DocumentRows(
        wafers.ids, wafers.names, wafers.files, ["0"] * count, [None] * count, wafers.sensors, wafers.readings
    )
