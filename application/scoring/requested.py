"""Wafers of a request as arrays, held against the contract of the model and the policy as rows of a file are."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import NamedTuple

import numpy as np

from wafer.contract.policy import Policy
from wafer.contract.readings import Unfit, reading_of_number, reading_of_text, readings_of_texts
from wafer.errors import ContractMismatch
from wafer.wafers.arrays import Floats, Wafers

Reading = float | str | None
_NAMED = 3  # sensors in a sentence


@dataclass(frozen=True, slots=True)
class Asked:
    """A wafer that somebody asks about: its readings by the names that the line uses."""

    wafer: str
    readings: Mapping[str, Reading]


class Refusal(NamedTuple):
    """A wafer that is not answered: its place in the request, and what is wrong with it."""

    place: int
    wafer: str
    code: str
    message: str


class Requests:
    """Reads requests for a model whose contract has these sensors."""

    def __init__(self, sensors: tuple[str, ...], policy: Policy) -> None:
        self._sensors = sensors
        self._policy = policy
        self._wafer_id = re.compile(policy.wafer_id, re.ASCII)
        columns = policy.columns
        self._spellings = {columns.key(spelling): name for spelling, name in columns.claims("", sensors, None) if name}
        self._outcome = {columns.key(name) for name in columns.label}
        self._order = lru_cache(maxsize=16)(self._order_of)

    def read(self, asked: Sequence[Asked]) -> tuple[Wafers, list[Refusal]]:
        """The wafers that can be judged, in their order, and the others.

        Raises `ContractMismatch` for a wafer whose sensors are not those of the contract.
        """
        refused: list[Refusal] = []
        names, rows = [], []
        for place, wafer in enumerate(asked):
            order = self._order(tuple(wafer.readings))
            values = list(wafer.readings.values())
            row, problem = self._row(wafer.wafer, [values[at] for at in order])
            if problem:
                refused.append(Refusal(place, wafer.wafer, *problem))
            else:
                names.append(wafer.wafer)
                rows.append(row)
        none = ("",) * len(names)
        readings = np.array(rows, dtype=np.float64).reshape(len(rows), len(self._sensors))
        return Wafers(none, tuple(names), none, self._sensors, readings), refused

    def _order_of(self, given: tuple[str, ...]) -> tuple[int, ...]:
        """Where in a wafer each sensor of the contract stands."""
        columns = self._policy.columns
        place: dict[str, int] = {}
        unknown, twice = [], []
        for at, name in enumerate(given):
            sensor = self._spellings.get(columns.key(name))
            if sensor is None:
                unknown += [] if columns.ignores(name) or columns.key(name) in self._outcome else [name]
            elif sensor in place:
                twice.append(name)
            else:
                place[sensor] = at
        absent = [sensor for sensor in self._sensors if sensor not in place]
        if unknown or twice or absent:
            raise ContractMismatch(_mismatch(unknown, twice, absent))
        return tuple(place[sensor] for sensor in self._sensors)

    def _row(self, wafer: str, given: Sequence[Reading]) -> tuple[Floats, tuple[str, str] | None]:
        if not self._wafer_id.fullmatch(wafer):
            return np.empty(0), (
                "WAFER_ID",
                f"the wafer id is {wafer[:40]!r}; policy key `wafer_id` says what it may be",
            )
        if (fast := self._all_fit(given)) is not None:
            return fast, None
        values = [self._reading(each) for each in given]
        wrong = [(sensor, each) for sensor, each in zip(self._sensors, values, strict=True) if isinstance(each, Unfit)]
        if wrong:
            first = [f"{sensor} is {str(given[self._sensors.index(sensor)])[:40]!r}" for sensor, _ in wrong[:_NAMED]]
            return np.empty(0), (wrong[0][1].value, _listed(first, len(wrong)))
        return np.array(values), None

    def _all_fit(self, given: Sequence[Reading]) -> Floats | None:
        """The readings where all are texts or all numbers, and none is unfit; None where each is to be looked at."""
        kinds = {*map(type, given)} - {NoneType}
        texts = readings_of_texts(given, self._policy) if kinds <= {str} else None  # type: ignore[arg-type]
        values = texts if texts is not None else given if kinds <= {int, float} else None
        if values is None:
            return None
        try:
            row = np.array(values, dtype=np.float64)  # None becomes NaN
        except OverflowError:
            return None
        bounds, silent = self._policy.readings, np.isnan(row)
        absent = np.count_nonzero(silent) if texts is not None else sum(each is None for each in given)
        inside = np.count_nonzero((row >= bounds.lowest) & (row <= bounds.highest))
        return row if inside + absent == len(row) else None

    def _reading(self, given: Reading) -> float | Unfit:
        if given is None:
            return math.nan
        return (
            reading_of_text(given, self._policy) if isinstance(given, str) else reading_of_number(given, self._policy)
        )


def _mismatch(unknown: list[str], twice: list[str], absent: list[str]) -> str:
    parts = {
        "sensor(s) are missing (send null where there is no reading)": absent,
        "name(s) are unknown to the model": unknown,
        "name(s) stand for a sensor that is there already": twice,
    }
    told = [f"{len(names)} {what}: {_listed(map(repr, names), len(names))}" for what, names in parts.items() if names]
    return f"A wafer does not have the sensors that the model was trained on. {'; '.join(told)}."


def _listed(names: Iterable[str], total: int) -> str:
    few = list(names)[:_NAMED]
    return ", ".join(few) + (f" and {total - len(few)} more" if total > len(few) else "")
