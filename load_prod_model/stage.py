"""Whether a new model goes into production: minimum requirements first, then the comparison with the champion."""

from collections.abc import Sequence
from dataclasses import dataclass

from wafer.evaluation.decision import Comparison, Floor
from wafer.evaluation.intervals import auc_standard_error
from wafer.evaluation.quality import Quality

CHANCE = 0.5
CONFIDENCE = 1.645  # one-sided 95 % of a normal distribution
MOST_RELABELLED = 0.01  # share of the compared wafers whose outcome changed
OTHER_CONTRACT = (
    "It was trained under another contract than version {}, so the two versions cannot be compared. "
    "Promote it by hand when new batches follow its contract."
)
LEAST_LIFT = 1.25  # PR AUC over the failure rate, which is what chance reaches


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the challenger goes into production, and the sentence that says why."""

    promoted: bool
    reason: str
    floors: tuple[Floor, ...] = ()


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


def decide(challenger: Quality, champion_version: int | None, comparison: Comparison | None = None) -> Decision:
    """Check the minimum requirements; then compare with the champion, if there is one.

    A challenger that learned from every wafer of the champion is promoted unless it is worse beyond chance: more
    of the same must not be blocked for ever. Any other challenger must be better beyond chance.
    """
    checked = floors(challenger)
    failed = [floor for floor in checked if not floor.passed]
    if failed:
        return Decision(False, _below(failed), checked)
    if champion_version is None:
        return Decision(True, "It meets every minimum requirement, and no version was in production.", checked)
    if comparison is None:
        return Decision(False, OTHER_CONTRACT.format(champion_version), checked)
    return Decision(*_against(comparison), checked)


def _against(found: Comparison) -> tuple[bool, str]:
    champion = f"version {found.champion_version}"
    figures = (
        f"AUC {found.challenger_auc:.3f} against {found.champion_auc:.3f} of {champion} on the same {found.wafers:,} "
        f"wafers (difference {found.difference:+.3f}, 90 % interval {found.low:+.3f} to {found.high:+.3f})"
    )
    if found.relabelled > MOST_RELABELLED * found.wafers:
        return False, (
            f"{found.relabelled} wafers have another outcome than in the training of {champion}. Check the outcomes; "
            "if the new ones are right, promote this version by hand."
        )
    if found.low > 0:
        return True, f"It is better beyond chance: {figures}."
    if found.high < 0:
        return False, f"It is worse beyond chance: {figures}."
    if found.missing:
        return False, (
            f"It is not better beyond chance, and {found.missing:,} wafers of the training set of {champion} are not "
            f"in its own: {figures}. Train on all batches together."
        )
    return True, f"It was trained on every wafer of {champion} and {found.added:,} more, and is not worse: {figures}."


def _below(failed: Sequence[Floor]) -> str:
    facts = "; ".join(f"{floor.name} is {floor.value:.3f} and must be above {floor.limit:.3f}" for floor in failed)
    return f"It is not better than chance: {facts}. Train on more wafers, or check their outcomes."
