"""What a model knows of wafers: which it learned from, and how it scores the others."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from load_prod_model.near_copies import NearCopies
from wafer.evaluation.walk_forward import Stamps
from wafer.model import ModelBundle, OutOfFold, Wafers, content_keys
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.identity import Keys


@dataclass(frozen=True, slots=True)
class Known:
    """What a model knows of each key."""

    learned: Bools
    failed: Bools
    score: Floats  # out of fold; NaN for a wafer that it did not learn from, until it is scored
    forward: Floats  # by a model of earlier files; NaN where no test asked
    whole_file: Floats  # by a model of other files
    batch: Stamps  # of its file; NaT where nobody knows

    @classmethod
    def of(cls, rows: OutOfFold, keys: Keys) -> "Known":
        """What a training left behind, in the order of the keys."""
        learned, failed = np.zeros((2, len(keys)), bool)
        score, forward, whole_file = np.full((3, len(keys)), np.nan)
        batch = np.full(len(keys), np.datetime64("NaT"), dtype="datetime64[s]")
        places, tested = np.searchsorted(keys, rows.keys), rows.in_time
        learned[places], failed[places], score[places] = True, rows.failed, rows.probability
        forward[places], whole_file[places], batch[places] = tested.forward, tested.whole_file, tested.batch
        return cls(learned, failed, score, forward, whole_file, batch)

    def learned_as(self, place: int, other: int) -> None:
        """Take a wafer as learned, with what is known of a near copy that was."""
        for each in (self.learned, self.failed, self.score, self.forward, self.whole_file, self.batch):
            each[place] = each[other]

    @property
    def newer(self) -> Bools:
        """Wafers of later batches than any that the model learned from."""
        known = self.batch[self.learned & ~np.isnat(self.batch)]
        if not len(known):
            return np.zeros(len(self.batch), bool)
        return np.asarray(~self.learned & (self.batch > known.max()))

    @property
    def elsewhere(self) -> Bools:
        """Wafers of batches that the model learned nothing from."""
        return np.asarray(~self.learned & ~np.isnat(self.batch) & ~np.isin(self.batch, self.batch[self.learned]))


def counting_once(copies: NearCopies, keys: Keys, models: tuple[Known, Known]) -> tuple[Bools, Bools]:
    """Which wafers count when near copies count once, and which of these a model learned from twice; (keys,) both.

    A model that learned from one copy knows them all, so the copy that counts has the score of one that was learned.
    Who learned from two of them scored each by a model of the other: such a score is no test.
    """
    alone, twice = np.ones(len(keys), bool), np.zeros(len(keys), bool)
    places = _places(keys, copies.keys)
    for group in np.unique(copies.group[places >= 0]):
        same = places[(copies.group == group) & (places >= 0)]
        first = max(same, key=lambda place: sum(bool(model.learned[place]) for model in models))
        alone[same[same != first]] = False
        for model in models:
            learned = same[model.learned[same]]
            twice[first] |= len(learned) > 1
            if len(learned) and not model.learned[first]:
                model.learned_as(int(first), int(learned[0]))
    return alone, twice


def score_others(pairs: Iterable[tuple[ModelBundle, Known]], keys: Keys, wafers: Iterable[Wafers]) -> None:
    """Let each model score the wafers that only the other one learned from, a part of them after the other."""
    unknown = [(model, known.score) for model, known in pairs if np.isnan(known.score).any()]
    for part in wafers if unknown else ():
        places = _places(keys, content_keys(part))
        for model, score in unknown:
            asked = np.flatnonzero((places >= 0) & np.isnan(score[places]))
            if len(asked):
                score[places[asked]] = model.score(part.rows(asked)).probability


def _places(keys: Keys, wanted: Keys) -> Ints:
    """Where each of the wanted lies among the keys; -1 where it is none of them."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(np.where(keys[places] == wanted, places, -1), dtype=np.int64)
