"""The scores of recent predictions, kept beside them in the store, so that a batch can be ranked among them.

Each prediction leaves its scores under a key of its own, in `recent/<model digest>/`: a retried or replayed run writes
the same object again and counts once. Another model begins anew. What a run is ranked among is decided once and kept
with its records, so that a retry computes what the attempt before it may have published already.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from wafer.built_in import BUILT_IN
from wafer.errors import ObjectNotFound, PublishConflict
from wafer.model.recent import ENOUGH, Scored
from wafer.store import Store, layout


@dataclass(frozen=True, slots=True)
class _Reference:
    """What a run is ranked among, the latest scores first, and when that was decided."""

    moment: str
    before: tuple[Scored, ...]

    def to_json(self) -> bytes:
        return json.dumps({"moment": self.moment, "before": [_plain(each) for each in self.before]}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "_Reference":
        raw = json.loads(data)
        return cls(raw["moment"], tuple(_scored(each) for each in raw["before"]))


@dataclass(frozen=True, slots=True)
class RecentScores:
    """What one run reads of the predictions before it, and leaves for those after it."""

    store: Store
    run_id: str
    contract: str = BUILT_IN

    def before(self, digest: str, own: Scored) -> tuple[Scored, ...]:
        """As many scores of earlier predictions by the model of this digest as the own ones lack, the latest first.

        In each attempt of the run they are the same.
        """
        return self._decided(digest, own).before

    def keep(self, digest: str, own: Scored) -> None:
        """Leave at most `ENOUGH` of the run's own scores, once its predictions are published."""
        if not len(own):
            return
        folder, moment = self._folder(digest), self._decided(digest, own).moment
        text = json.dumps(_plain(own.some(ENOUGH))).encode()
        self.store.put(f"{folder}/{moment}-{self.run_id}.json", text)

    def _decided(self, digest: str, own: Scored) -> _Reference:
        key = layout.reference(self.run_id, digest)
        with suppress(ObjectNotFound):
            return _Reference.from_json(self.store.get(key))
        chosen = _Reference(f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}", tuple(self._latest(digest, own)))
        with suppress(PublishConflict):  # two attempts at once: the first one's word counts
            self.store.put(key, chosen.to_json(), only_if_absent=True)
            return chosen
        return _Reference.from_json(self.store.get(key))

    def _folder(self, digest: str) -> str:
        return layout.recent_scores(digest, "" if self.contract == BUILT_IN else self.contract)

    def _latest(self, digest: str, own: Scored) -> Iterator[Scored]:
        known = own.keys
        for each in reversed(self.store.keys(self._folder(digest))):
            if len(known) >= ENOUGH:
                return
            found = _scored(json.loads(self.store.get(each.key))).without(known).some(ENOUGH - len(known))
            known = np.concatenate([known, found.keys])
            yield found


def _plain(scored: Scored) -> dict[str, list[str] | list[float]]:
    return {"keys": [f"{key:016x}" for key in scored.keys.tolist()], "probability": scored.probability.tolist()}


def _scored(raw: dict[str, list[str] | list[float]]) -> Scored:
    keys = np.array([int(str(key), 16) for key in raw["keys"]], np.uint64)
    return Scored(keys, np.array(raw["probability"], np.float64))
