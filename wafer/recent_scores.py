"""The scores of recent predictions, kept next to them in the store, so that other wafers can be ranked among them.

Each prediction leaves its scores under a key of its own, in `recent/<model digest>/`: a retried or replayed run writes
the same object again and counts once. Another model begins anew.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from wafer.built_in import BUILT_IN
from wafer.model.recent import ENOUGH, Scored
from wafer.store import Store, layout


@dataclass(frozen=True, slots=True)
class KeptScores:
    """What predictions under one contract left."""

    store: Store
    contract: str = BUILT_IN

    def keep(self, digest: str, name: str, own: Scored) -> None:
        """Leave at most `ENOUGH` scores under a name; names are read in their order, the last one first."""
        text = json.dumps(to_plain(own.some(ENOUGH))).encode()
        self.store.put(f"{self._folder(digest)}/{name}.json", text)

    def names(self, digest: str) -> tuple[str, ...]:
        """The keys of what was left, the latest first."""
        return tuple(each.key for each in reversed(self.store.keys(self._folder(digest))))

    def read(self, names: Iterable[str]) -> Iterator[Scored]:
        """What was left under these keys."""
        return (from_plain(json.loads(self.store.get(name))) for name in names)

    def enough(self, names: Iterable[str]) -> tuple[Scored, ...]:
        """As many of these as any wafers can be ranked among."""
        return filled_up(Scored.none(), self.read(names))

    def latest(self, digest: str, own: Scored) -> tuple[Scored, ...]:
        """As many scores of earlier predictions by the model of this digest as the own ones lack, the latest first."""
        return filled_up(own, self.read(self.names(digest)))

    def _folder(self, digest: str) -> str:
        return layout.recent_scores(digest, "" if self.contract == BUILT_IN else self.contract)


def filled_up(own: Scored, earlier: Iterable[Scored]) -> tuple[Scored, ...]:
    """As many of the earlier scores, the latest first, as the own ones lack of `ENOUGH`; the same readings once."""
    return tuple(_missing(own, iter(earlier)))


def _missing(own: Scored, earlier: Iterator[Scored]) -> Iterator[Scored]:
    known = own.keys
    while len(known) < ENOUGH and (each := next(earlier, None)) is not None:
        found = each.without(known).some(ENOUGH - len(known))
        known = np.concatenate([known, found.keys])
        yield found


def to_plain(scored: Scored) -> dict[str, list[str] | list[float]]:
    """Scores as JSON has them; keys are too large for its numbers."""
    return {"keys": [f"{key:016x}" for key in scored.keys.tolist()], "probability": scored.probability.tolist()}


def from_plain(raw: dict[str, list[str] | list[float]]) -> Scored:
    """The inverse."""
    keys = np.array([int(str(key), 16) for key in raw["keys"]], np.uint64)
    return Scored(keys, np.array(raw["probability"], np.float64))
