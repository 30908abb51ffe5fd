"""Who came into production in which order, agreed on by everybody who promotes at the same time.

Each promotion is an entry of a log that can only be added to and numbers its entries. An entry says which promotion it
was decided against. It counts only if that one was still the last: of two that were decided against the same model the
first counts, and the other is decided again, against the new one. So nobody has to hold a lock, and a process that is
killed leaves nothing to release.
"""

from collections.abc import Iterable
from dataclasses import dataclass

NONE = 0  # the number of the promotion before the first


@dataclass(frozen=True, slots=True, order=True)
class Promotion:
    """One entry: its number, the promotion it was decided against, the version, and by whom (a run, or a call).

    `who` is the person who asked for it, empty when a training decided; `at` is ISO 8601 in UTC.
    """

    number: int
    after: int
    version: int
    by: str
    undoes: bool = False
    who: str = ""
    why: str = ""
    at: str = ""


def in_force(log: Iterable[Promotion]) -> list[Promotion]:
    """The entries that count, oldest first."""
    counted: list[Promotion] = []
    for entry in sorted(log):
        if entry.after == last_number(counted):
            counted.append(entry)
    return counted


def last_number(counted: list[Promotion]) -> int:
    """Number of the last promotion that counts."""
    return counted[-1].number if counted else NONE


def versions_in_order(counted: Iterable[Promotion]) -> list[int]:
    """Versions in the order in which they came into production; what was rolled back is left out."""
    order: list[int] = []
    for entry in counted:
        if entry.undoes:
            order.pop()
        elif order[-1:] != [entry.version]:
            order.append(entry.version)
    return order
