"""Drift over the predictions of the past: how far each one's batches had moved from training, sensor by sensor."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wafer.errors import ObjectNotFound
from wafer.history.past import PastRun
from wafer.store import Store, layout

Told = dict[str, Any]  # `drift.json` of a run


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """Sensors that do not read as in training.

    `moved` are sensors whose distribution has shifted, `left` those with too many readings outside their range, which
    is asked of small batches alone, `silent` those that were not silent in training.
    """

    moved: tuple[str, ...]
    left: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def outside(self) -> tuple[str, ...]:
        """Sensors that do not read as in training, in whichever way, each once; those that moved come first."""
        return tuple(dict.fromkeys((*self.moved, *self.left, *self.silent)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDrift(Drifted):
    """What one prediction told of drift; `sensors` is how many it looked at."""

    run: PastRun
    wafers: int
    sensors: int
    unlike: float  # share of the wafers
    warnings: tuple[str, ...]


def read_drift(store: Store, runs: Iterable[PastRun]) -> Iterator[PastDrift]:
    """Yield what these runs told, in their order; one that is older than drift, or gone, is left out."""
    for run in runs:
        with suppress(ObjectNotFound):
            yield _drift(run, _told(store, run))


def used_sensors(store: Store, run: PastRun) -> frozenset[str]:
    """Return the sensors that the model of a run uses, as far as the run told. Raises `ObjectNotFound`."""
    told = _told(store, run)
    return frozenset((*told["sensors"], *(each["sensor"] for each in told.get("screening", []))))


def _told(store: Store, run: PastRun) -> Told:
    found: Told = json.loads(store.get(f"{layout.published('predict', run.run_id)}/{layout.DRIFT}"))
    return found


def _drift(run: PastRun, told: Told) -> PastDrift:
    left = tuple(each["sensor"] for each in told.get("left_range", []))
    known = {*told["sensors"], *(each["sensor"] for each in told.get("screening", [])), *told["newly_silent"], *left}
    return PastDrift(
        run=run,
        wafers=told["wafers"],
        sensors=max(run.sensors, len(known)),
        unlike=told["unlike"],
        moved=tuple(told["moved"]),
        left=left,
        silent=tuple(told["newly_silent"]),
        warnings=(*told["warnings"], *told.get("notes", [])),
    )
