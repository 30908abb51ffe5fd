"""Wafers whose readings are equal to within a thousandth: the same wafer measured again, or a file written twice.

Two such wafers have the same silent sensors and the same signs, and the mean of the logarithms over any group of
sensors differs by no more than one logarithm may. So a first reading keeps sixteen such means of each wafer and finds
the pairs that agree in all of them; a second reading compares only these, reading by reading. A grid would be quicker
and would lose the pairs that lie on both sides of a border.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from wafer.model import Wafers, content_keys
from wafer.wafers.arrays import Bools, Floats, Ints, natural
from wafer.wafers.identity import KEY, Keys, as_models_see

WITHIN = 1e-3  # of the larger reading
_MEANS = 16
_APART = -np.log1p(-WITHIN) + 1e-9  # of two logarithms
_FARTHEST = 2000  # wafers between two that are compared, in the order of the mean that spreads most
_COMPARED = 20_000  # wafers whose readings are in memory at once
_SKETCHED = 1024  # wafers at once: each takes some 30 KB meanwhile
_PAIRS = 1 << 16  # pairs at once
Parts = Callable[[], Iterable[Wafers]]


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Wafers that have a near copy, by key, and the group of copies that each belongs to."""

    keys: Keys  # ascending
    group: Ints

    @property
    def extra(self) -> int:
        """How many wafers are copies of one that counts."""
        return len(self.keys) - len(np.unique(self.group))


NO_COPIES = NearCopies(np.empty(0, KEY), np.empty(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _Sketch:
    """What is kept of each wafer, one row a wafer."""

    keys: Keys
    pattern: Ints  # digest of which sensors are silent, zero, positive and negative
    means: Floats  # (wafers, _MEANS)


def near_copies(parts: Parts) -> NearCopies:
    """Find near copies among all wafers; `parts` reads them, and is asked again for the exact comparison."""
    sketches = [_sketch(some) for part in parts() for some in _pieces(part)]
    if not sketches:
        return NO_COPIES
    sketch = _Sketch(
        keys=np.concatenate([each.keys for each in sketches]),
        pattern=np.concatenate([each.pattern for each in sketches]),
        means=np.concatenate([each.means for each in sketches]),
    )
    sketches.clear()
    near = [pair for pairs in _chunks(_alike(sketch)) for pair in _compared(pairs, parts)]
    return _grouped(sketch.keys, near)


def _pieces(wafers: Wafers) -> Iterator[Wafers]:
    for start in range(0, len(wafers), _SKETCHED):
        yield wafers.rows(np.arange(start, min(start + _SKETCHED, len(wafers))))


def _sketch(wafers: Wafers) -> _Sketch:
    seen = _readings(wafers)
    known = np.isfinite(seen) & (seen != 0)
    logs: Floats = np.zeros(seen.shape)
    np.log(np.abs(seen), out=logs, where=known)
    means = np.column_stack(
        [
            logs[:, start::_MEANS].mean(axis=1) if start < logs.shape[1] else np.zeros(len(logs))
            for start in range(_MEANS)
        ]
    )
    signs = np.packbits(np.column_stack([np.isnan(seen), known & (seen > 0), known & (seen < 0)]), axis=1)
    digests = b"".join(hashlib.sha256(row).digest()[:8] for row in np.ascontiguousarray(signs))
    return _Sketch(content_keys(wafers), np.frombuffer(digests, dtype=np.int64), means)


def _readings(wafers: Wafers) -> Floats:
    return as_models_see(wafers.columns(sorted(wafers.sensors, key=natural))).astype(np.float64)


def _alike(sketch: _Sketch) -> Ints:
    """Pairs of wafers that agree in everything that is kept of them, (pairs, 2), by place."""
    widest = int(np.argmax(sketch.means.std(axis=0)))
    order = np.lexsort((sketch.means[:, widest], sketch.pattern))
    first, pattern = sketch.means[order, widest], sketch.pattern[order]
    found = [np.empty((0, 2), dtype=np.int64)]
    for gap in range(1, min(len(order), _FARTHEST + 1)):
        here = np.flatnonzero((pattern[gap:] == pattern[:-gap]) & (first[gap:] - first[:-gap] <= _APART))
        if not len(here):
            break
        for start in range(0, len(here), _PAIRS):
            some = here[start : start + _PAIRS]
            pairs = np.column_stack([order[some], order[some + gap]])
            apart = np.abs(sketch.means[pairs[:, 0]] - sketch.means[pairs[:, 1]]).max(axis=1)
            other = sketch.keys[pairs[:, 0]] != sketch.keys[pairs[:, 1]]
            found.append(pairs[(apart <= _APART) & other])
    return np.concatenate(found)


def _chunks(pairs: Ints) -> Iterator[Ints]:
    """The pairs, so many at once that their readings fit into memory."""
    for start in range(0, len(pairs), _COMPARED // 2):
        yield pairs[start : start + _COMPARED // 2]


def _compared(pairs: Ints, parts: Parts) -> list[tuple[int, int]]:
    """Those of the pairs whose readings are equal to within a thousandth, each of them."""
    wanted, readings, start = np.unique(pairs), [], 0
    for part in parts():
        here = wanted[(wanted >= start) & (wanted < start + len(part))] - start
        if len(here):
            readings.append(_readings(part.rows(here)))
        start += len(part)
    every = np.concatenate(readings)
    one, other = (every[np.searchsorted(wanted, pairs[:, side])] for side in (0, 1))
    return [(int(a), int(b)) for a, b in pairs[_near(one, other)]]


def _near(one: Floats, other: Floats) -> Bools:
    """Tell for each row whether every reading is as near as it must be; where one is silent, both are."""
    close = np.abs(one - other) <= WITHIN * np.maximum(np.abs(one), np.abs(other))
    return np.asarray((close | (np.isnan(one) & np.isnan(other))).all(axis=1))


def _grouped(keys: Keys, pairs: Iterable[tuple[int, int]]) -> NearCopies:
    """Put copies of copies together."""
    parent: dict[int, int] = {}

    def root(place: int) -> int:
        while parent.setdefault(place, place) != place:
            parent[place] = place = parent[parent[place]]
        return place

    for one, other in pairs:
        parent[root(one)] = root(other)
    places = np.array(sorted(parent, key=lambda place: keys[place]), dtype=np.int64)
    found, first = np.unique(keys[places], return_index=True)
    return NearCopies(found, np.array([root(int(place)) for place in places[first]], dtype=np.int64))
