"""How often promotion errs: a worse model replaces a better one, or a better one is blocked; and so by the old rule."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.gate_line import (
    TURN,
    Line,
    Recipe,
    copied,
    drifting,
    joined_wafers,
    mislabelled,
    trained,
)
from benchmarks.report import Section, this_machine
from load_prod_model.comparison import compare
from load_prod_model.contestant import Contestant
from load_prod_model.near_copies import near_copies
from load_prod_model.stage import MOST_BELOW, MOST_RELABELLED, Decision, decide
from wafer.evaluation.decision import Comparison
from wafer.evaluation.metrics import measure, roc_auc
from wafer.evaluation.quality import Quality
from wafer.model.calibration import threshold_for
from wafer.model.out_of_fold import InTime
from wafer.wafers.arrays import Wafers

BEFORE, ADDED, TRUTH = 800, 500, 6000  # wafers
LINE, CHANGED = Line(), Line(math.pi / 2)
OLD_MONTHS, NEW_MONTHS = 5, 4  # of a line that drifts
GOOD, WORSE, POOR = Recipe(), Recipe(noise=0.8), Recipe(sensors=10)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """Two training sets and two recipes, and the line whose next wafers tell which model is better."""

    champion: tuple[Wafers, Recipe]
    challenger: tuple[Wafers, Recipe]
    truth: Line = LINE


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What both rules decided in a case; `gain` is the challenger's AUC on the next wafers minus the champion's."""

    gain: float
    before: bool
    after: Decision


Make = Callable[[Wafers, Wafers, np.random.Generator], Case]


def scenarios() -> dict[str, Make]:
    """What happens between two trainings, by name."""
    return {
        "more wafers, same recipe": lambda old, new, _: Case((old, GOOD), (joined_wafers(old, new), GOOD)),
        "more wafers, better recipe": lambda old, new, _: Case((old, POOR), (joined_wafers(old, new), GOOD)),
        "more wafers, worse recipe": lambda old, new, _: Case((old, GOOD), (joined_wafers(old, new), WORSE)),
        "more wafers, poorer sensors": lambda old, new, _: Case((old, GOOD), (joined_wafers(old, new), POOR)),
        "same wafers, better recipe": lambda old, _, __: Case((old, WORSE), (old, GOOD)),
        "same wafers, worse recipe": lambda old, _, __: Case((old, GOOD), (old, WORSE)),
        "10 % of the new labels flipped": lambda old, new, random: _flipped(old, new, 0.1, random),
        "20 % of the new labels flipped": lambda old, new, random: _flipped(old, new, 0.2, random),
        "30 % of the new labels flipped": lambda old, new, random: _flipped(old, new, 0.3, random),
        "near copies, worse recipe": _copies,
        "half of the wafers": lambda old, _, __: Case((old, GOOD), (old.rows(np.arange(len(old) // 2)), GOOD)),
        "other wafers": lambda old, new, _: Case((old, GOOD), (new, GOOD)),
        "the line has changed": _changed,
        "drift, same recipe": lambda _, __, random: _drift(random, GOOD),
        "drift, worse recipe": lambda _, __, random: _drift(random, WORSE),
        "drift, better recipe": lambda _, __, random: _drift(random, GOOD, before=POOR),
        "drift, 30 % of the new labels flipped": lambda _, __, random: _drift(random, GOOD, flipped=0.3),
    }


def _flipped(old: Wafers, new: Wafers, share: float, random: np.random.Generator) -> Case:
    return Case((old, GOOD), (joined_wafers(old, mislabelled(new, share, random)), GOOD))


def _copies(old: Wafers, new: Wafers, random: np.random.Generator) -> Case:
    again = copied(old, random.permutation(len(old))[: len(new)], random)
    return Case((old, GOOD), (joined_wafers(old, again), WORSE))


def _changed(old: Wafers, new: Wafers, random: np.random.Generator) -> Case:
    return Case((old, GOOD), (joined_wafers(old, CHANGED.wafers(len(new), random)), GOOD), CHANGED)


def _drift(random: np.random.Generator, recipe: Recipe, before: Recipe = GOOD, flipped: float = 0.0) -> Case:
    old = drifting(BEFORE, 0, OLD_MONTHS, random)
    new = mislabelled(drifting(ADDED, OLD_MONTHS, NEW_MONTHS, random), flipped, random)
    next_month = Line(TURN * (OLD_MONTHS + NEW_MONTHS))
    return Case((old, before), (joined_wafers(old, new), recipe), next_month)


def measure_gate(*, replicates: int, say: Say) -> Section:
    """Judge every scenario so many times by both rules."""
    machine = this_machine()
    rows, every = [], []
    for number, (name, make) in enumerate(scenarios().items()):
        judged = [judge(make, seed=1000 * number + replicate) for replicate in range(replicates)]
        rows.append([name, *_counts(judged)])
        every += judged
        say(f"{name}: {rows[-1][1:]}")
    return Section(
        name="gate",
        title="Promotion: how often it errs",
        command=f"python -m benchmarks gate --replicates {replicates}",
        machine=machine,
        protocol=_protocol(replicates),
        headers=(
            "scenario",
            "worse replaced",
            "worse replaced, old rule",
            "better not promoted",
            "better not promoted, old rule",
            "better that wait",
            "worse that wait",
        ),
        groups=[rows, [["all", *_counts(every)]]],
    )


def judge(make: Make, seed: int) -> Verdicts:
    """Make a case, train both models, ask both rules and the truth."""
    random = np.random.default_rng(seed)
    case = make(LINE.wafers(BEFORE, random), LINE.wafers(ADDED, random), random)
    champion, challenger = (trained(*each, seed=seed) for each in (case.champion, case.challenger))
    parts = [case.challenger[0], case.champion[0]]
    quality = _quality(challenger)
    old = compare(_undated(challenger), _undated(champion), 1, parts)
    copies = near_copies(lambda: parts)
    same = not copies.extra and np.isnat(challenger.rows.in_time.batch).all()
    new = old if same else compare(challenger, champion, 1, parts, copies)
    later = case.truth.wafers(TRUTH, random)
    areas = [roc_auc(later.known_failed, each.model.score(later).probability) for each in (challenger, champion)]
    floors = all(floor.passed for floor in decide(quality, None).floors)
    return Verdicts(areas[0] - areas[1], floors and old_rule(old), decide(quality, 1, new))


def _undated(model: Contestant) -> Contestant:
    """The model as the old rule knew it."""
    return replace(model, rows=replace(model.rows, in_time=InTime.unknown(len(model.rows))))


def old_rule(found: Comparison) -> bool:
    """The rule until 2026-11: promote unless worse beyond chance, or wafers of the champion are missing."""
    if found.relabelled > MOST_RELABELLED * found.wafers or found.high < 0:
        return False
    return found.low > 0 or not found.missing


def _quality(model: Contestant) -> Quality:
    rows = model.rows
    threshold = threshold_for(model.budget, rows.probability, rows.failed)
    return measure(rows.failed, rows.probability, rows.probability >= threshold)


def _counts(judged: Sequence[Verdicts]) -> list[str]:
    worse = [each for each in judged if each.gain < -MOST_BELOW]
    better = [each for each in judged if each.gain > MOST_BELOW]
    return [
        f"{sum(each.after.promoted for each in worse)} of {len(worse)}",
        f"{sum(each.before for each in worse)} of {len(worse)}",
        f"{sum(not each.after.promoted for each in better)} of {len(better)}",
        f"{sum(not each.before for each in better)} of {len(better)}",
        f"{sum(each.after.waits for each in better)}",
        f"{sum(each.after.waits for each in worse)}",
    ]


def _protocol(replicates: int) -> list[str]:
    return [
        f"Made-up wafers of 12 sensors, {BEFORE} before and {ADDED} added, about 8 % failing; models are linear "
        f"discriminants, scored out of fold as the product's are. {replicates} replicates of each scenario, the same "
        "every time.",
        f"Worse and better: by more than {MOST_BELOW} AUC on {TRUTH:,} wafers that the line makes next. Models within "
        "that are in neither count.",
        "The old rule (until 2026-11): promoted unless worse beyond chance; near copies count like others; no alarm.",
        "Wait for a person: the alarm (the champion falls on the added wafers) or changed outcomes. Such a version "
        "waits, is scored in shadow, and counts as not promoted. Both flag the same share of the wafers, by rank.",
    ]
