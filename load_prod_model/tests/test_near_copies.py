"""Wafers that read the same to within a thousandth are found, wherever they are and however a grid would cut them."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from load_prod_model.near_copies import near_copies
from wafer.model import Wafers, content_keys


def line(count: int, sensors: int = 40, seed: int = 1) -> Wafers:
    """Wafers of which every sensor is silent now and then, reads zero now and then, or is negative."""
    random = np.random.default_rng(seed)
    readings = random.normal(0, 10.0 ** random.integers(-6, 6, sensors), (count, sensors))
    readings[random.random(readings.shape) < 0.05] = np.nan
    readings[random.random(readings.shape) < 0.05] = 0.0
    names = tuple(f"W-{seed}-{number}" for number in range(count))
    return Wafers(names, names, names, tuple(f"Sensor - {n + 1}" for n in range(sensors)), readings)


def off(wafers: Wafers, share: float, seed: int = 2) -> Wafers:
    """The wafers again, every reading off by up to a share of it."""
    factor = 1 + np.random.default_rng(seed).uniform(-share, share, wafers.readings.shape)
    return replace(wafers, readings=wafers.readings * factor)


def grouped(parts: list[Wafers]) -> list[set[str]]:
    """Names of the wafers of each group."""
    found = near_copies(lambda: parts)
    names = {bytes(key): name for part in parts for key, name in zip(content_keys(part), part.names, strict=True)}
    groups: dict[int, set[str]] = {}
    for key, group in zip(found.keys, found.group, strict=True):
        groups.setdefault(int(group), set()).add(names[bytes(key)])
    return list(groups.values())


def renamed(wafers: Wafers, word: str) -> Wafers:
    return replace(wafers, names=tuple(f"{name}{word}" for name in wafers.names))


def test_every_wafer_that_was_written_again_a_little_off_is_found_in_another_part() -> None:
    wafers = line(500)

    found = grouped([wafers, renamed(off(wafers, 4e-4), "-again").rows(np.arange(0, 500, 5))])

    assert sorted(map(sorted, found)) == sorted([f"W-1-{n}", f"W-1-{n}-again"] for n in range(0, 500, 5))


@pytest.mark.parametrize("change", ["more than a thousandth", "silent", "zero", "sign"])
def test_one_reading_that_differs_makes_another_wafer(change: str) -> None:
    wafers = line(50)
    readings = off(wafers, 4e-4).readings
    for row in readings:
        place = int(np.flatnonzero(np.isfinite(row) & (row != 0))[3])
        values = {"more than a thousandth": row[place] * 1.002, "silent": np.nan, "zero": 0.0, "sign": -row[place]}
        row[place] = values[change]

    assert grouped([wafers, renamed(replace(wafers, readings=readings), "-again")]) == []


def test_copies_of_copies_are_one_group_and_exact_copies_are_one_wafer() -> None:
    wafers = line(20)
    chain = [wafers, *(renamed(off(wafers, 4e-4, seed), f"-{seed}") for seed in (3, 4))]

    found = near_copies(lambda: [*chain, renamed(wafers, "-exact")])

    assert found.extra == 40
    assert len(found.keys) == 60


def test_wafers_of_one_line_that_only_look_alike_are_no_copies() -> None:
    random: npt.NDArray[np.float64] = np.random.default_rng(6).normal(100.0, 1.0, (3000, 60))
    names = tuple(f"W-{number}" for number in range(3000))

    assert grouped([Wafers(names, names, names, tuple(f"Sensor - {n}" for n in range(60)), random)]) == []
