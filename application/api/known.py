"""What is known by now of predicted wafers, read again only when more outcomes came in."""

from threading import Lock

from cachetools import LRUCache

from wafer.history.outcomes import KnownOutcomes, known_outcomes, known_so_far
from wafer.store import Store

AsOf = tuple[str, ...]  # names of what outcomes come from: what is known changes with them


class Known:
    """Knows outcomes; the latest state of them stays in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._found: LRUCache[AsOf, KnownOutcomes] = LRUCache(1)

    def as_of(self) -> AsOf:
        """What the outcomes depend on."""
        return known_so_far(self._store)

    def outcomes(self, as_of: AsOf | None = None) -> KnownOutcomes:
        """Every outcome that the store holds."""
        wanted = self.as_of() if as_of is None else as_of
        with self._lock:
            if wanted not in self._found:
                self._found[wanted] = known_outcomes(self._store)
            return self._found[wanted]
