"""The verdicts of all wafers of a run by one model: its scores first, then the threshold that they follow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pred_pipeline.answers import answers_of, joined_answers, judged_at
from wafer.evaluation.rule import Rule
from wafer.model.out_of_fold import Known
from wafer.model.recent import Scored, Thresholds
from wafer.model.scoring import ModelBundle
from wafer.progress import reported_rows
from wafer.wafers.arrays import Wafers
from wafer.wafers.export import ExportFile

# Scores of earlier predictions by the model of a digest, the latest first, beside those of the batch itself.
Before = Callable[[str, Scored], Sequence[Scored]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model says of a run's wafers, and the threshold that its verdicts follow."""

    answers: pa.Table
    thresholds: Thresholds
    scored: Scored  # what later predictions may be ranked among


def answered(
    file: ExportFile, bundle: ModelBundle, budget: float, rule: Rule, before: Before, count: Callable[[Wafers], None]
) -> Answered:
    """Judge the wafers of an export, one row group in memory at a time; `count` sees each part before."""
    keys = list[Known]()

    def judged(part: Wafers) -> pa.Table:
        count(part)
        keys.append(bundle.keys(part))
        return answers_of(part, bundle.score(part, budget), bundle.learned_from(keys[-1]))

    parts = reported_rows(file.parts(), file.wafers, "wafers judged")
    answers = joined_answers(judged(part) for part in parts)
    scored, fixed = _scored(answers, keys), bundle.out_of_fold.threshold(budget)
    thresholds = Thresholds.of(budget, scored, before(bundle.digest, scored), fixed, rule)
    if thresholds.rule == "recent":
        answers = judged_at(answers, thresholds.value)
    return Answered(answers, thresholds, scored)


def _scored(answers: pa.Table, keys: Sequence[Known]) -> Scored:
    """The scores that say what is usual now: of wafers that the model did not learn from, and can judge."""
    known = answers["in_training"].to_numpy()
    unlike = pc.equal(answers["verdict"].cast(pa.string()), "inspect").to_numpy()
    all_keys = np.concatenate([np.empty(0, np.uint64), *keys])
    return Scored.of(*(column[~known & ~unlike] for column in (all_keys, answers["probability"].to_numpy())))
