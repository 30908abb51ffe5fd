"""What single wafers are ranked among: the scores that the latest prediction runs left in the store."""

from typing import TYPE_CHECKING

import structlog

from wafer.built_in import BUILT_IN
from wafer.errors import WaferError
from wafer.store import Store

if TYPE_CHECKING:
    from wafer.model.recent import Scored


class LatestScores:
    """Reads what predictions under a contract left; a store that is away leaves what was read before."""

    def __init__(self, store: Store, contract: str = BUILT_IN) -> None:
        self._store = store
        self._contract = contract
        self._known: tuple[str, tuple[str, ...], tuple[Scored, ...]] = "", (), ()

    def of(self, digest: str) -> "tuple[Scored, ...]":
        """The scores by the model of this digest, the latest first: as many as any wafers can be ranked among."""
        from wafer.recent_scores import KeptScores  # numpy: with the first request

        kept = KeptScores(self._store, self._contract)
        try:
            names = kept.names(digest)
            if (digest, names) != self._known[:2]:
                self._known = digest, names, kept.enough(names)
        except WaferError as error:
            structlog.get_logger().warning("scores_not_looked_up", code=error.code, message=error.message)
        known, _, scores = self._known
        return scores if known == digest else ()
