"""Whether a new model goes into production: minimum requirements first, then the comparison with the champion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wafer.evaluation.decision import Comparison, Evidence, Fall, Floor, Mode, OperatingPoint
from wafer.evaluation.intervals import CONFIDENCE, auc_standard_error
from wafer.evaluation.quality import Quality
from wafer.shares import percent

CHANCE = 0.5
MOST_BELOW = 0.01  # AUC that a challenger with all of the champion's wafers, and more, may lie below it
MOST_RELABELLED = 0.01  # share of the compared wafers whose outcome changed
OTHER_CONTRACT = (
    "It was trained under another contract than version {}, so the two versions cannot be compared. "
    "Promote it by hand when new batches follow its contract."
)
LEAST_LIFT = 1.25  # PR AUC over the failure rate, which is what chance reaches
BASIS: dict[Evidence, str] = {
    "outcomes": "wafers that neither learned from, by the outcomes that arrived since",
    "forward": "wafers newer than those that the scoring model learned from",
    "whole_file": "wafers of files that the scoring model did not learn from",
    "out_of_fold": "wafers that the scoring model did not learn from, held out at random",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the challenger goes into production, the sentence that says why, and whether a person should decide."""

    promoted: bool
    reason: str
    floors: tuple[Floor, ...] = ()
    waits: bool = False


def floors(quality: Quality) -> tuple[Floor, ...]:
    """The minimum requirements, each with the out-of-fold figure of a model."""
    margin = CONFIDENCE * auc_standard_error(quality.auc, quality.failures, quality.passes)
    luck = "chance is 0.5; a random model exceeds the limit once in 20 times"
    lift = f"{LEAST_LIFT} times what chance reaches"
    nothing = "a model that flags nothing finds nothing"
    return (
        Floor(name="AUC", value=quality.auc, limit=CHANCE + margin, meaning=luck),
        Floor(name="PR AUC", value=quality.pr_auc, limit=_least_pr_auc(quality.failure_rate), meaning=lift),
        Floor(name="flagged wafers", value=quality.flagged, limit=0.0, meaning=nothing),
    )


def _least_pr_auc(chance: float) -> float:
    """What chance reaches, and a margin; where most wafers fail, half of the way to a perfect model."""
    return min(LEAST_LIFT * chance, (1 + chance) / 2)


def decide(
    challenger: Quality, champion_version: int | None, comparison: Comparison | None = None, mode: Mode = "auto"
) -> Decision:
    """Check the minimum requirements; then compare with the champion, if there is one.

    A challenger that learned from every wafer of the champion may be a little below it: more of the same must not be
    blocked for ever. Any other challenger must be better beyond chance. With the mode `candidate` a person decides
    about whatever would be promoted.
    """
    checked = floors(challenger)
    failed = [floor for floor in checked if not floor.passed]
    if failed:
        return Decision(False, _below(failed), checked)
    decided = replace(_compared(champion_version, comparison), floors=checked)
    if mode == "candidate" and decided.promoted:
        return replace(decided, promoted=False, waits=True, reason=f"A person decides about it. {decided.reason}")
    return decided


def _compared(champion_version: int | None, comparison: Comparison | None) -> Decision:
    if champion_version is None:
        return Decision(True, "It meets every minimum requirement, and no version was in production.")
    if comparison is None:
        return Decision(False, OTHER_CONTRACT.format(champion_version), waits=True)
    return _doubtful(comparison) or _against(comparison)


def _doubtful(found: Comparison) -> Decision | None:
    """What only a person can judge: outcomes that do not fit, or a threshold that does not hold."""
    champion = f"version {found.champion_version}"
    if found.relabelled > MOST_RELABELLED * found.wafers:
        return _to_a_person(
            f"{found.relabelled} wafers have another outcome than in the training of {champion}. Check the outcomes; "
            "if the new ones are right, promote this version by hand."
        )
    if found.fall and found.fall.alarm:
        return _to_a_person(_fallen(found.fall, champion))
    ours, theirs = found.challenger_point, found.champion_point
    fixed = ours and ours.rule == "fixed"  # by rank the budget is kept by construction
    if fixed and ours and theirs and ours.false_alarm_rate > max(ours.limit, theirs.false_alarm_rate):
        return _to_a_person(
            f"Its threshold does not keep its budget of false alarms on {BASIS[found.evidence]}: {_points(found)} "
            "Train again with a smaller budget, or promote it by hand."
        )
    return None


def _to_a_person(reason: str) -> Decision:
    return Decision(False, reason, waits=True)


def _fallen(fall: Fall, champion: str) -> str:
    return (
        f"{champion.capitalize()} ranks the {fall.wafers:,} added wafers ({fall.failures} failed) worse than chance "
        f"explains: AUC {fall.auc:.3f}, and it should be above {fall.limit:.3f} (its own figure is {fall.own_auc:.3f}; "
        f"this version has {fall.challenger_auc:.3f} on them, out of fold). Their outcomes may be wrong, or the line "
        "has changed. Check the outcomes; if they are right, promote this version by hand."
    )


def _against(found: Comparison) -> Decision:
    champion = f"version {found.champion_version}"
    copies = f" {found.copies:,} near copies of other wafers do not count." if found.copies else ""
    figures = (
        f"AUC {found.challenger_auc:.3f} against {found.champion_auc:.3f} of {champion} on the same {found.wafers:,} "
        f"wafers (difference {found.difference:+.3f}, 90 % interval {found.low:+.3f} to {found.high:+.3f}), judged on "
        f"{BASIS[found.evidence]}. {_points(found)}{copies}"
    ).strip()
    if found.low > 0:
        return Decision(True, f"It is better beyond chance: {figures}")
    if found.high < 0:
        return Decision(False, f"It is worse beyond chance: {figures}")
    if found.missing:
        return Decision(
            False,
            f"It is not better beyond chance, and {found.missing:,} wafers of the training set of {champion} are not "
            f"in its own: {figures} Train on all batches together.",
        )
    learned = f"It was trained on every wafer of {champion} and {found.added:,} more"
    if found.difference < -MOST_BELOW:
        return Decision(False, f"{learned}, and is more than {MOST_BELOW} below it: {figures}")
    return Decision(True, f"{learned}, and is at most {MOST_BELOW} below it: {figures}")


def _points(found: Comparison) -> str:
    """What the verdicts of both are worth on these wafers."""
    if not (found.challenger_point and found.champion_point):
        return ""
    ours, theirs, other = found.challenger_point, found.champion_point, f"version {found.champion_version}"
    if ours.rule == "recent":
        top = percent(ours.budget, 0)
        return f"With the top {top} flagged by rank it catches {_caught(ours)}; {other} {_caught(theirs)}."
    return f"Its threshold {_at(ours)} {_caught(ours)}; that of {other} {_at(theirs)} {_caught(theirs)}."


def _at(point: OperatingPoint) -> str:
    return f"{point.threshold:.3f} (budget {percent(point.budget, 0)}) catches"


def _caught(point: OperatingPoint) -> str:
    return f"{percent(point.recall, 0)} of the failures with {percent(point.false_alarm_rate)} false alarms"


def _below(failed: Sequence[Floor]) -> str:
    facts = "; ".join(f"{floor.name} is {floor.value:.3f} and must be above {floor.limit:.3f}" for floor in failed)
    return f"It is not better than chance: {facts}. Train on more wafers, or check their outcomes."
