"""A prediction run by path: ranked rows, safe cells, a page, and clear refusals."""

import csv
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pred_pipeline.stage import Predicted, predict_wafers
from wafer.cells import safe_cell
from wafer.errors import BundleRejected, ContractMismatch, SourceNotFound
from wafer.model.assembly import load_bundle

Export = Callable[..., Path]


def _predict(export: Path, bundle: Path, out: Path, budget: float | None = None, explained: int = 1000) -> Predicted:
    return predict_wafers(
        export, bundle, out, model_version="7", run_id="run-1", false_alarm_budget=budget, explained=explained
    )


def _rows(done: Predicted) -> list[dict[str, str]]:
    with done.csv.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_wafer_gets_one_row_most_suspicious_first(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    done = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "out")

    rows = _rows(done)
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 101)]
    assert len({row["wafer"] for row in rows}) == 100
    look = [row for row in rows if row["verdict"] != "pass"]
    assert rows[: len(look)] == look
    assert [row["probability"] for row in look] == sorted((row["probability"] for row in look), reverse=True)
    assert 0 < done.failing < 50
    assert done.failing + done.inspect + done.passing == done.wafers == 100


def test_a_verdict_follows_from_probability_and_threshold_as_written(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    done = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "out")

    for row in _rows(done):
        if row["verdict"] == "inspect":
            continue
        assert (row["verdict"] == "fail") == (float(row["probability"]) >= float(row["threshold"]))
        assert (row["model_version"], row["run_id"]) == ("7", "run-1")


def test_the_page_promises_what_held_on_later_files(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    bundle = load_bundle(bundle_dir)
    forward = bundle.about.forward
    assert forward
    counted = forward.pooled.recent

    usual = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "out")
    other = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "other", budget=0.2)

    promise = f"such verdicts found {counted.found} of {counted.failures} failing ones"
    assert promise in usual.report.read_text(encoding="utf-8")
    assert "held out at random, which look easier than the next batch" in other.report.read_text(encoding="utf-8")


def test_flagged_wafers_say_which_sensors_pushed_them_in_the_sensors_own_units(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    done = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "out")

    rows = pq.read_table(done.parquet).to_pylist()
    flagged = [row for row in rows if row["verdict"] == "fail"]
    first = [row["top_sensors"][0] for row in flagged]
    assert sum(reason["sensor"] == "Sensor - 3" for reason in first) > len(first) / 2
    assert all(reason["usual_low"] < reason["usual_high"] and reason["contribution"] > 0 for reason in first)
    assert all(row["top_sensors"] == [] for row in rows if row["verdict"] == "pass")


def test_only_the_first_wafers_have_reasons_and_the_others_say_how_to_ask(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    export = make_export(tmp_path / "export", strange=2)

    every = _rows(_predict(export, bundle_dir, tmp_path / "every"))
    some = _rows(_predict(export, bundle_dir, tmp_path / "some", explained=3))

    look = [row for row in some if row["verdict"] != "pass"]
    assert len(look) > 3
    assert some[:3] == every[:3]
    assert all(row["top_sensors"] for row in some[:3])
    assert not any(row["top_sensors"] for row in some[3:])
    asked = [row["note"].endswith(f"wafer explain run-1 {row['wafer'].removeprefix(chr(39))}") for row in some]
    assert asked == [False] * 3 + [True] * (len(look) - 3) + [False] * (len(some) - len(look))


def test_neither_row_groups_nor_parts_of_a_file_change_a_prediction(
    make_export: Export, bundle_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _predict(make_export(tmp_path / "whole"), bundle_dir, tmp_path / "a")
    monkeypatch.setattr("pred_pipeline.ranked.AT_ONCE", 9)
    parts = _predict(make_export(tmp_path / "parts", rows_at_once=7), bundle_dir, tmp_path / "b")

    assert parts.csv.read_bytes() == whole.csv.read_bytes()
    assert parts.report.read_bytes() == whole.report.read_bytes()
    assert (tmp_path / "b" / "drift.json").read_bytes() == (tmp_path / "a" / "drift.json").read_bytes()
    assert pq.read_table(parts.parquet).equals(pq.read_table(whole.parquet))


def test_an_export_without_wafers_gives_empty_files(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    done = _predict(make_export(tmp_path / "export", count=0), bundle_dir, tmp_path / "out")

    assert (done.wafers, _rows(done), pq.read_table(done.parquet).num_rows) == (0, [], 0)
    assert "No wafer to review." in done.report.read_text(encoding="utf-8")


def test_strange_wafers_are_inspected_and_stand_before_the_passing_ones(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    done = _predict(make_export(tmp_path / "export", strange=3), bundle_dir, tmp_path / "out")

    rows = _rows(done)
    strange = [row for row in rows if row["verdict"] == "inspect"]
    assert {"'-000", "'-001", "'-002"} <= {row["wafer"] for row in strange}
    assert all(row["note"] for row in strange)
    first_pass = next(i for i, row in enumerate(rows) if row["verdict"] == "pass")
    assert max(int(row["rank"]) for row in strange) <= first_pass


def test_one_wafer_gets_the_answer_it_gets_among_others(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    alone = _rows(_predict(make_export(tmp_path / "one", count=1), bundle_dir, tmp_path / "alone"))
    among = _rows(_predict(make_export(tmp_path / "one", count=1), bundle_dir, tmp_path / "again"))
    many = _rows(_predict(make_export(tmp_path / "many", count=40), bundle_dir, tmp_path / "among"))

    assert alone == among
    assert len(alone) == 1
    wanted = next(row for row in many if row["wafer"] == "'-000")
    assert len(many) == 40
    assert wanted["rank"].isdigit()


def test_the_same_wafers_give_the_same_bytes(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    export = make_export(tmp_path / "export")

    first, second = _predict(export, bundle_dir, tmp_path / "a"), _predict(export, bundle_dir, tmp_path / "b")

    assert first.csv.read_bytes() == second.csv.read_bytes()
    assert first.parquet.read_bytes() == second.parquet.read_bytes()
    assert first.report.read_bytes() == second.report.read_bytes()


def test_a_larger_budget_flags_more(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    export = make_export(tmp_path / "export")

    flagged = [_predict(export, bundle_dir, tmp_path / "out", budget).failing for budget in (0.0, 0.1, 0.3, 1.0)]

    assert flagged == sorted(flagged)
    assert flagged[0] < flagged[1] < flagged[2] < flagged[3]


def test_wafers_of_another_contract_are_refused(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    export = make_export(tmp_path / "export", sensors=13)

    with pytest.raises(ContractMismatch, match=r"2 sensor\(s\) are missing \(for example 'Sensor - 14'\)"):
        _predict(export, bundle_dir, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bundle_other_than_the_registered_one_is_not_used(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    export = make_export(tmp_path / "export")

    with pytest.raises(BundleRejected):
        predict_wafers(
            export, bundle_dir, tmp_path / "out", model_version="7", run_id="run-1", expected_digest="0" * 64
        )


def test_a_folder_without_an_export_is_named(bundle_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"wafers\.parquet"):
        _predict(tmp_path, bundle_dir, tmp_path / "out")


def test_names_from_files_are_safe_in_the_csv_and_plain_in_parquet(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    done = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "out")

    assert {row["file"] for row in _rows(done)} == {"'=cmd.csv"}
    assert set(pq.read_table(done.parquet)["file"].to_pylist()) == {"=cmd.csv"}


def test_any_name_of_a_wafer_is_one_safe_cell(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    names = ["=1+1", "+1", "@x", "\ttab", "'x", "a,b", 'say "so"', '"', "two\nlines", "-a,b", "W:1", "ü", ""]

    done = _predict(make_export(tmp_path / "export", names=names), bundle_dir, tmp_path / "out")

    assert {row["wafer"] for row in _rows(done)} >= {safe_cell(name) for name in names}
    assert set(pq.read_table(done.parquet)["wafer"].to_pylist()) >= set(names)


def test_the_page_says_how_many_to_look_at_and_what_the_threshold_means(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    done = _predict(make_export(tmp_path / "export", strange=2), bundle_dir, tmp_path / "out")

    page = done.report.read_text(encoding="utf-8")
    assert f">{done.failing + done.inspect}</dd>" in page
    assert "A wafer is flagged from a probability of" in page
    assert "far outside anything seen in training" in page
    assert "model version 7" in page
    assert "<script" not in page


def test_wafers_the_model_was_trained_on_are_named_as_such(
    make_export: Export, bundle_dir: Path, tmp_path: Path
) -> None:
    known = _predict(bundle_dir.parent / "export_unlabelled", bundle_dir, tmp_path / "known")
    fresh = _predict(make_export(tmp_path / "export"), bundle_dir, tmp_path / "fresh")

    assert {row["in_training"] for row in _rows(known)} == {"true"}
    assert {row["in_training"] for row in _rows(fresh)} == {"false"}
    page = known.report.read_text(encoding="utf-8")
    assert "300 of 300 wafers read exactly like" in page
    assert (known.learned, known.failing + known.inspect + known.passing) == (300, 0)
    assert all(row["wafer"] not in page for row in _rows(known)[:3])
    assert (fresh.learned, fresh.failing + fresh.inspect + fresh.passing) == (0, 100)


def test_a_drop_of_strange_wafers_warns_about_the_drop(make_export: Export, bundle_dir: Path, tmp_path: Path) -> None:
    done = _predict(make_export(tmp_path / "export", count=40, strange=30), bundle_dir, tmp_path / "out")

    assert "of the wafers are unlike every training wafer. Inspect them" in done.report.read_text(encoding="utf-8")
