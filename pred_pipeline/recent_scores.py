"""What one run is ranked among: the scores of predictions before it, decided once.

It is kept with the run's records, so that a retry computes what the attempt before it may have published already.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from wafer.built_in import BUILT_IN
from wafer.errors import ObjectNotFound, PublishConflict
from wafer.model.recent import Scored
from wafer.recent_scores import KeptScores, from_plain, to_plain
from wafer.store import Store, layout


@dataclass(frozen=True, slots=True)
class _Reference:
    """What a run is ranked among, the latest scores first, and when that was decided."""

    moment: str
    before: tuple[Scored, ...]

    def to_json(self) -> bytes:
        return json.dumps({"moment": self.moment, "before": [to_plain(each) for each in self.before]}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "_Reference":
        raw = json.loads(data)
        return cls(raw["moment"], tuple(from_plain(each) for each in raw["before"]))


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
        """Leave some of the run's own scores, once its predictions are published."""
        if len(own):
            self._kept.keep(digest, f"{self._decided(digest, own).moment}-{self.run_id}", own)

    @property
    def _kept(self) -> KeptScores:
        return KeptScores(self.store, self.contract)

    def _decided(self, digest: str, own: Scored) -> _Reference:
        key = layout.reference(self.run_id, digest)
        with suppress(ObjectNotFound):
            return _Reference.from_json(self.store.get(key))
        chosen = _Reference(f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}", self._kept.latest(digest, own))
        with suppress(PublishConflict):  # two attempts at once: the first one's word counts
            self.store.put(key, chosen.to_json(), only_if_absent=True)
            return chosen
        return _Reference.from_json(self.store.get(key))
