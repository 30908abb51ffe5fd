"""Wafers to review come first; the order never depends on how they were delivered."""

import pyarrow as pa

from pred_pipeline.answers import SCHEMA, joined_answers, ranking


def _answers(*rows: tuple[str, str, float], in_training: bool = False) -> pa.Table:
    same = {"_id": "", "cluster": 0, "distance_percentile": 1.0, "note": "", "file": "a.csv"}
    same |= {"in_training": in_training}
    return pa.Table.from_pylist(
        [{"wafer": wafer, "verdict": verdict, "probability": each} | same for wafer, verdict, each in rows], SCHEMA
    )


def test_those_to_review_come_first_then_probability_then_name_then_place() -> None:
    answers = joined_answers(
        [
            _answers(("W-2", "pass", 0.9), ("W-9", "fail", 0.3), ("W-10", "fail", 0.3), ("W-10", "fail", 0.3)),
            _answers(("W-1", "inspect", 0.1), ("W-3", "fail", 0.5), ("w-2", "pass", 0.9), ("W-4", "pass", 0.0)),
        ]
    )

    assert ranking(answers).tolist() == [5, 2, 3, 1, 4, 0, 6, 7]


def test_wafers_that_the_model_learned_from_never_lead() -> None:
    answers = joined_answers(
        [
            _answers(("W-1", "fail", 0.9), ("W-2", "pass", 0.2), in_training=True),
            _answers(("W-3", "fail", 0.4), ("W-4", "pass", 0.1)),
        ]
    )

    assert ranking(answers).tolist() == [2, 0, 3, 1]


def test_no_answer_has_no_rank() -> None:
    assert ranking(joined_answers([])).tolist() == []
