"""All sensors of a run by how far they moved, from the `drift.json` that it published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Screened:
    """A sensor that the model uses. Figures are None where the run did not publish them."""

    sensor: str
    stability: float | None  # population stability index; None for too few wafers
    moved: bool  # beyond the usual bound by more than chance
    level: float | None  # share of the passing training wafers at or below the run's median; .5 as in training
    silent_now: float | None
    silent_in_training: float | None
    newly_silent: bool
    outside: str  # how many readings left which range, in a small run; else empty


@dataclass(frozen=True, slots=True)
class Screening:
    """The sensors, the most moved first; `warnings` are what the run says of them all."""

    wafers: int
    warnings: tuple[str, ...]
    sensors: tuple[Screened, ...]


def screening_of(drift: bytes) -> Screening:
    """Read what a run says of its sensors; a run of an older release tells less."""
    found = json.loads(drift)
    index: Mapping[str, float] = found.get("sensors", {})
    outside = {each["sensor"]: _outside(each) for each in found.get("left_range", ())}
    moved, silent = frozenset(found.get("moved", ())), frozenset(found.get("newly_silent", ()))
    rows = {row["sensor"]: row for row in found.get("screening", ())}
    sensors = [
        Screened(
            sensor=name,
            stability=index.get(name),
            moved=name in moved,
            level=rows.get(name, {}).get("level"),
            silent_now=rows.get(name, {}).get("silent_now"),
            silent_in_training=rows.get(name, {}).get("silent_in_training"),
            newly_silent=name in silent,
            outside=outside.get(name, ""),
        )
        for name in dict.fromkeys([*rows, *index, *outside, *silent])
    ]
    warnings = (*found.get("warnings", ()), *found.get("notes", ()))
    return Screening(int(found.get("wafers", 0)), warnings, tuple(sorted(sensors, key=_first)))


def _outside(left: Mapping[str, Any]) -> str:
    return f"{left['outside']} of {left['readings']} readings {left['side']} {left['limit']:.6g}"


def _first(each: Screened) -> tuple[bool, float, float, str]:
    """Newly silent ones, then by the index, then by the level."""
    away = abs(each.level - 0.5) if each.level is not None else 0.0
    return not each.newly_silent, -(each.stability or 0.0), -away, each.sensor
