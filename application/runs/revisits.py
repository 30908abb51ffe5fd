"""Looking again at runs that ended badly: somebody may have retried them on Kubeflow's own page.

The newest of them are looked at now and then, the longer ago they ended the more rarely; the one that somebody asks
for, at once.
"""

import time
from datetime import datetime

import structlog

from application.backends.base import Backends
from application.runs.ledger.protocol import Ledger, Wanted
from application.runs.run import Run
from application.runs.settling import Settler
from wafer.errors import WaferError

LOOK_BACK = 48 * 3600.0  # seconds after its end for which a run is looked at without being asked for
NEWEST = 50  # runs of the history among which the ended ones are sought
MOST = 20  # of them, in one round
AT_ONCE, OFTEN, RARELY = 2.0, 10.0, 300.0  # seconds between two looks at one run: asked for, just ended, long ended
SHARE = 10  # a run is looked at again after this part of the time since its end, within those bounds
KEPT = 1000


class Revisits:
    """Remembers when this process looked last at each run, so nobody's patience or Kubeflow is used up."""

    def __init__(self, ledger: Ledger, backends: Backends, settler: Settler, look_back: float = LOOK_BACK) -> None:
        self._ledger = ledger
        self._backends = backends
        self._settler = settler
        self._look_back = look_back
        self._looked: dict[str, float] = {}

    def newest(self) -> None:
        """Look again at the newest runs that ended badly, as far as their time has come."""
        ended = [run for run in self._ledger.page(Wanted(NEWEST)).runs if self._may_continue(run)]
        for run in ended[:MOST]:
            since = time.time() - datetime.fromisoformat(run.finished).timestamp()
            if since < self._look_back and not self._look(run, min(max(since / SHARE, OFTEN), RARELY)):
                return

    def of(self, run: Run) -> Run:
        """The run as it is now; as the ledger has it when its backend does not answer."""
        if self._may_continue(run):
            self._look(run, AT_ONCE)
            return self._ledger.get(run.run_id) or run
        return run

    def _may_continue(self, run: Run) -> bool:
        backend = self._backends.get(run)
        started = bool(run.native_id and run.finished)
        return bool(backend and backend.retried_elsewhere and started and run.state in {"failed", "cancelled"})

    def _look(self, run: Run, pause: float) -> bool:
        """Look at a run unless that was done within the pause; False when its backend does not answer."""
        if time.monotonic() - self._looked.get(run.run_id, -RARELY) < pause:
            return True
        if len(self._looked) >= KEPT:
            self._looked.clear()
        self._looked[run.run_id] = time.monotonic()
        try:
            self._settler.look_again(run)
        except WaferError as error:
            structlog.get_logger().warning("run.look_failed", run_id=run.run_id, message=error.message)
            return False
        return True
