"""Whether to train again: a pure function of what has come since the last training."""

import hashlib
import json
from dataclasses import dataclass

EVERY_BATCHES = 5  # best over five years of a line's data, without searching parameters again (arXiv 2605.07752)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has come since the last training that succeeded; `trained` is its run, empty before the first.

    `answered` says that its version is not in production: that training was the answer to what the version in
    production does, and a person or the gate has the word on it.
    """

    trained: str
    batches: tuple[str, ...] = ()  # names of labelled files that it did not learn from
    drifted: tuple[str, ...] = ()  # predictions since that warned of drift
    broken: str = ""  # the period in which the version in production broke a promise
    answered: bool = False
    running: str = ""  # a training that has not ended

    @property
    def digest(self) -> str:
        """The same for the same training and the same batches since: for these one training is started, not two."""
        return hashlib.sha256(json.dumps([self.trained, sorted(self.batches)]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to train, and why or why not, in a sentence."""

    train: bool
    why: str


def decide(evidence: Evidence, every: int = EVERY_BATCHES) -> Verdict:
    """Train every so many batches, and before that on drift or a broken promise if there is anything new to learn."""
    new = f"{len(evidence.batches)} labelled files came since training {evidence.trained}"
    if obstacle := _obstacle(evidence):
        return Verdict(False, obstacle)
    if len(evidence.batches) >= every:
        return Verdict(True, f"{new}; it trains again every {every}.")
    causes = _causes(evidence)
    if not causes:
        return Verdict(False, f"{new}; it trains again every {every}, and nothing asks for it earlier.")
    if not evidence.batches:
        return Verdict(
            False, f"{causes}, but no labelled file came since: there is nothing new to learn. Send outcomes."
        )
    if evidence.answered:
        return Verdict(
            False, f"{causes}, and training {evidence.trained} answered it: decide about its version. {new}."
        )
    return Verdict(True, f"{causes}. {new}.")


def _obstacle(evidence: Evidence) -> str:
    if evidence.running:
        return f"The training {evidence.running} is running."
    if not evidence.trained:
        return "No training has succeeded yet, so there is none to repeat: `wafer train DIR` is the first."
    return ""


def _causes(evidence: Evidence) -> str:
    told = []
    if evidence.broken:
        told.append(f"The version in production broke its promise ({evidence.broken})")
    if evidence.drifted:
        told.append(f"{len(evidence.drifted)} predictions warned of drift, {evidence.drifted[-1]} last")
    return " and ".join(told)
