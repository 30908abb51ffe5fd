"""The budget by rank among recent scores: what it follows, and what copies, orders and splits of batches change."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pred_pipeline.recent_scores import RecentScores
from pred_pipeline.serving import publish_predictions
from pred_pipeline.stage import predict_wafers
from wafer.errors import ContractInvalid
from wafer.evaluation.rule import Rule, rule_of
from wafer.model.recent import Scored, Thresholds
from wafer.sensors import open_readings
from wafer.settings import Settings
from wafer.store import Store, layout, open_store
from wafer.wafers.arrays import EXPORT_FILE
from wafer.wafers.export import ExportFile

Rows = dict[str, tuple[str, float]]  # wafer -> verdict and probability


@dataclass(frozen=True, slots=True)
class Done:
    rows: Rows
    thresholds: Thresholds
    report: str

    @property
    def flagged(self) -> set[str]:
        return {wafer for wafer, (verdict, _) in self.rows.items() if verdict == "fail"}


Export = Callable[..., Path]
Predict = Callable[..., Done]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def predict(tmp_path: Path, bundle_dir: Path, store: Store) -> Predict:
    """Predict an export and publish, as the task does."""

    def run(run_id: str, export: Path, rule: Rule = "recent", budget: float = 0.1) -> Done:
        recent, out = RecentScores(store, run_id), tmp_path / f"{run_id}-out"
        done = predict_wafers(
            export,
            bundle_dir,
            out,
            model_version="1",
            run_id=run_id,
            false_alarm_budget=budget,
            rule=rule,
            before=recent.before,
        )
        some = tmp_path / "some"
        some.write_text("some")
        publish_predictions(
            store, run_id, manifest=some, validation_report=some, input_file=some, export=export, predictions=out
        )
        recent.keep(done.digest, done.scored)
        table = pq.read_table(done.parquet, columns=["wafer", "verdict", "probability", "threshold"]).to_pylist()
        assert {row["threshold"] for row in table} == {done.thresholds.value}
        assert json.loads((out / layout.THRESHOLD).read_text()) == done.thresholds.to_json()
        rows = {row["wafer"]: (row["verdict"], row["probability"]) for row in table}
        return Done(rows, done.thresholds, done.report.read_text())

    return run


def part_of(export: Path, folder: Path, rows: list[int], prefix: str = "") -> Path:
    """An export of some wafers of another one, in this order, perhaps under other names."""
    table = pq.read_table(export / EXPORT_FILE)
    taken = table.take(pa.array(rows))
    names = [f"{prefix}{name}" for name in taken["Wafer"].to_pylist()]
    place = taken.column_names.index("Wafer")
    folder.mkdir()
    pq.write_table(taken.set_column(place, taken.schema.field("Wafer"), pa.array(names)), folder / EXPORT_FILE)
    return folder


def test_a_batch_of_many_wafers_is_ranked_among_itself(predict: Predict, make_export: Export, tmp_path: Path) -> None:
    done = predict("run-1", make_export(tmp_path / "export", 240))

    assert done.thresholds.rule == "recent"
    judged = sum(verdict != "inspect" for verdict, _ in done.rows.values())
    assert (done.thresholds.scores, done.thresholds.own) == (judged, judged)
    assert len(done.flagged) == judged // 10
    assert f"follows {judged} recent scores, {judged} of this batch." in done.report
    assert f"The fixed one of the training is {done.thresholds.fixed:.4f}." in done.report


def test_fixed_stays_fixed_and_says_what_the_other_would_be(
    predict: Predict, make_export: Export, tmp_path: Path
) -> None:
    export = make_export(tmp_path / "export", 240)
    fixed, recent = predict("run-1", export, "fixed"), predict("run-2", export, "recent")

    assert fixed.thresholds.value == fixed.thresholds.fixed == recent.thresholds.fixed
    assert fixed.thresholds.recent == recent.thresholds.value != fixed.thresholds.value
    assert f"{fixed.thresholds.recent:.4f}" in fixed.report
    assert {w: p for w, (_, p) in fixed.rows.items()} == {w: p for w, (_, p) in recent.rows.items()}


def test_small_batches_fall_back_until_enough_was_scored_and_another_model_begins_anew(
    predict: Predict, make_export: Export, tmp_path: Path, store: Store
) -> None:
    first = predict("run-1", make_export(tmp_path / "a", 30, seed=11))
    second = predict("run-2", make_export(tmp_path / "b", 30, seed=12))
    third = predict("run-3", make_export(tmp_path / "c", 30, seed=13))

    assert [each.thresholds.rule for each in (first, second, third)] == ["fixed", "recent", "recent"]
    own = [each.thresholds.own for each in (first, second, third)]
    assert [each.thresholds.scores for each in (first, second, third)] == np.cumsum(own).tolist()
    assert f"only {own[0]} recent scores are known and 50 are needed" in first.report
    assert first.thresholds.value == first.thresholds.fixed
    one = Scored(np.array([1], np.uint64), np.array([0.5]))
    assert RecentScores(store, "run-4").before("another model", one) == ()


def test_a_retried_run_computes_the_same_and_counts_once(
    predict: Predict, make_export: Export, tmp_path: Path, store: Store
) -> None:
    predict("run-1", make_export(tmp_path / "a", 60, seed=11))
    export = make_export(tmp_path / "b", 60, seed=12)
    first = predict("run-2", export)
    predict("run-3", make_export(tmp_path / "c", 60, seed=13))  # between the attempts

    again = predict("run-2", export)  # published already: other bytes would be refused

    assert again == first
    assert len(store.keys("recent")) == 3


def test_copies_reordered_and_renamed_wafers_change_no_verdict(
    predict: Predict, make_export: Export, tmp_path: Path
) -> None:
    predict("run-1", make_export(tmp_path / "a", 80, seed=11))
    export = make_export(tmp_path / "b", 100, seed=12)
    once = predict("run-2", export)

    order = np.random.default_rng(1).permutation(100).tolist()
    reordered = predict("run-3", part_of(export, tmp_path / "reordered", order))
    renamed = predict("run-4", part_of(export, tmp_path / "renamed", list(range(100)), "again"))
    doubled = part_of(export, tmp_path / "doubled", [*range(100), *range(50)])
    twice = predict("run-5", doubled)

    assert once.thresholds.rule == "recent"
    assert reordered.rows == once.rows
    assert {f"again{wafer}": row for wafer, row in once.rows.items()} == renamed.rows
    assert twice.rows == once.rows
    assert {each.thresholds for each in (once, reordered, renamed, twice)} == {once.thresholds}


def test_a_split_batch_changes_only_verdicts_between_the_thresholds(
    predict: Predict, make_export: Export, tmp_path: Path
) -> None:
    predict("run-1", make_export(tmp_path / "a", 100, seed=11))
    export = make_export(tmp_path / "b", 100, seed=12)
    halves = [part_of(export, tmp_path / f"half-{at}", list(range(at, at + 50))) for at in (0, 50)]

    parts = [predict(f"run-{at}", half) for at, half in enumerate(halves, start=2)]
    whole = predict("run-4", export)

    cuts = [each.thresholds.value for each in (*parts, whole)]
    split = {wafer: row for each in parts for wafer, row in each.rows.items()}
    for wafer, (verdict, probability) in whole.rows.items():
        assert split[wafer][1] == probability
        if not min(cuts) <= probability < max(cuts):
            assert split[wafer][0] == verdict
    assert parts[1].thresholds.scores == parts[0].thresholds.scores + parts[1].thresholds.own
    assert all(each.thresholds.rule == "recent" for each in parts)


def test_wafers_that_the_model_knows_or_cannot_judge_do_not_count(
    predict: Predict, make_export: Export, tmp_path: Path, bundle_dir: Path
) -> None:
    strange = predict("run-1", make_export(tmp_path / "a", 100, strange=60))
    known = predict("run-2", bundle_dir.parent / "export_unlabelled")

    assert strange.thresholds.own <= 40
    assert known.thresholds.own == 0
    assert known.thresholds.rule == "fixed"


def test_a_run_that_asks_for_no_rule_follows_recent_scores_unless_the_settings_say_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WAFER_THRESHOLD", raising=False)
    unsaid = rule_of("", Settings().threshold)
    monkeypatch.setenv("WAFER_THRESHOLD", "fixed")

    assert (unsaid, rule_of("", Settings().threshold)) == ("recent", "fixed")


def test_a_rule_of_another_name_is_refused() -> None:
    assert (rule_of("", "recent"), rule_of("fixed", "recent")) == ("recent", "fixed")
    with pytest.raises(ContractInvalid, match="fixed, recent, or left empty"):
        rule_of("rank", "fixed")


def test_a_run_publishes_its_readings_by_column_and_screens_every_sensor_in_use(
    predict: Predict, make_export: Export, tmp_path: Path, store: Store
) -> None:
    export = make_export(tmp_path / "export", 60)
    predict("run-1", export)

    screening = json.loads(store.get(f"predictions/run-1/{layout.DRIFT}"))
    with open_readings(store, "run-1") as readings:
        measured = ExportFile(export).columns.sensors
        known = {name: readings.column(name) for name in readings.sensors}

    assert readings.sensors == measured
    assert {each["sensor"] for each in screening["screening"]} == set(screening["sensors"]) <= set(measured)
    for each in screening["screening"]:
        assert each["silent_now"] == pytest.approx(np.isnan(known[each["sensor"]]).mean(), abs=1e-4)
        assert 0 <= each["level"] <= 1
