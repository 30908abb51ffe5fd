"""The verdicts of all wafers of a run by one model: its scores first, then the threshold that they follow."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pred_pipeline.answers import joined_answers, judged_at
from pred_pipeline.buckets import Judged
from wafer.evaluation.drift import Movement
from wafer.evaluation.rule import Rule
from wafer.model.out_of_fold import Known
from wafer.model.recent import Scored, Thresholds
from wafer.model.scoring import ModelBundle

# Scores of earlier predictions by the model of a digest, the latest first, besides those of the batch itself.
Before = Callable[[str, Scored], Sequence[Scored]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model says of a run's wafers, and the threshold that its verdicts follow."""

    answers: pa.Table
    thresholds: Thresholds
    scored: Scored  # what later predictions may be ranked among


def answered(
    found: Iterable[Judged], model: ModelBundle, budget: float, rule: Rule, before: Before, movement: Movement
) -> Answered:
    """Put together what the buckets of an export left, and add up how far their readings moved."""
    keys, tables = [np.empty(0, np.uint64)], list[pa.Table]()
    for each in found:
        tables.append(each.answers)
        keys.append(each.keys)
        if each.movement:
            movement.add(each.movement)
    answers = joined_answers(tables)
    scored, fixed = _scored(answers, np.concatenate(keys)), model.out_of_fold.threshold(budget)
    thresholds = Thresholds.of(budget, scored, before(model.digest, scored), fixed, rule)
    if thresholds.rule == "recent":
        answers = judged_at(answers, thresholds.value)
    return Answered(answers, thresholds, scored)


def _scored(answers: pa.Table, keys: Known) -> Scored:
    unlike = pc.equal(answers["verdict"].cast(pa.string()), "inspect").to_numpy()
    return Scored.of(keys, answers["probability"].to_numpy(), answers["in_training"].to_numpy(), unlike)
