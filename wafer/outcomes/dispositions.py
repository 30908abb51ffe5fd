"""What people decided about predicted wafers, kept for each prediction run as a log that can only be added to.

An object holds a run's first n dispositions, and only an absent one is written: of two people at the same time one gets
the next number. So a reader needs the last object of each run, whoever writes meanwhile, and nothing is ever replaced.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter

from wafer.built_in import BUILT_IN
from wafer.errors import PublishConflict
from wafer.store import Store, layout

if TYPE_CHECKING:  # with numpy 0.2 s of a start
    import pyarrow as pa

    from wafer.documents import Outcome

Word = Literal["confirmed-fault", "false-alarm", "scrapped", "reworked", "comment", "withdrawn"]
FAILED: dict[Word, bool] = {"confirmed-fault": True, "scrapped": True, "false-alarm": False}  # the words that tell
_TRIES = 20  # at a number that others take


@dataclass(frozen=True, slots=True)
class Forecast:
    """A prediction that a disposition is about: a row of `matched.parquet` without its outcome, as JSON has it."""

    prediction: str
    document: str
    wafer: str
    key: str  # hex, empty where the database does not hold the readings any more
    file: str
    moment: str | None  # ISO 8601
    model_version: int
    shadow: bool
    verdict: str
    probability: float
    threshold: float
    in_training: bool
    budget: float | None
    contract: str = BUILT_IN  # name of that of the run

    @classmethod
    def of(cls, rows: "pa.Table") -> "tuple[Forecast, ...]":
        """The rows of `wafer.outcomes.predicted`."""
        return tuple(
            cls(**{**row, "key": (row["key"] or b"").hex(), "moment": row["moment"] and row["moment"].isoformat()})
            for row in rows.to_pylist()
        )


@dataclass(frozen=True, slots=True)
class Disposition:
    """One word of a person on a wafer of a run; `forecasts` are what the run's versions predicted of it."""

    run_id: str
    wafer: str
    file: str
    word: Word
    comment: str
    who: str
    at: str  # ISO 8601 in UTC, milliseconds
    forecasts: tuple[Forecast, ...] = ()

    @property
    def readings(self) -> frozenset[tuple[str, str]]:
        """What names the wafer's readings: its documents, and the key of their content."""
        return frozenset((self.wafer, name) for each in self.forecasts for name in (each.document, each.key) if name)

    @property
    def contract(self) -> str:
        """Name of the contract of the run."""
        return next((each.contract for each in self.forecasts), BUILT_IN)

    def same(self, other: "Disposition") -> bool:
        """Whether it says the same of the same wafer, whenever that was."""
        return replace(self, at="", forecasts=()) == replace(other, at="", forecasts=())


LOGS_KEPT = 1000  # of runs
_LOG = TypeAdapter(tuple[Disposition, ...])


InForce = Mapping[tuple[str, str], Disposition]  # the last word on each wafer, by its name and file


def dispositions_of(store: Store, run_id: str) -> tuple[Disposition, ...]:
    """Every disposition of a run's wafers, oldest first."""
    keys = [each.key for each in store.keys(f"{layout.DISPOSITIONS}/{run_id}")]
    return _LOG.validate_json(store.get(keys[-1])) if keys else ()


def log_reader(store: Store) -> Callable[[str], tuple[Disposition, ...]]:
    """Reads a log by its key, and keeps the last `LOGS_KEPT`: a log is written once, a longer one has another key."""
    return lru_cache(LOGS_KEPT)(lambda key: _LOG.validate_json(store.get(key)))


def all_dispositions(store: Store, read: Callable[[str], tuple[Disposition, ...]] | None = None) -> list[Disposition]:
    """Every disposition that the store holds, oldest first; one log of each run is read, by `read` if given."""
    read = read or log_reader(store)
    last = {each.key.split("/")[1]: each.key for each in store.keys(layout.DISPOSITIONS)}
    found = (each for key in last.values() for each in read(key))
    return sorted(found, key=lambda each: each.at)


def dispose(store: Store, wanted: Disposition) -> Disposition:
    """Add a disposition, with the time of now; one that says what the last one of its wafer says is that one.

    Raises `PublishConflict` if others add to the same run all the time.
    """
    for _ in range(_TRIES):
        known = dispositions_of(store, wanted.run_id)
        before = [each for each in known if (each.wafer, each.file) == (wanted.wafer, wanted.file)]
        if before and wanted.same(before[-1]):
            return before[-1]
        added = replace(wanted, at=datetime.now(UTC).isoformat(timespec="milliseconds"))
        try:
            key = layout.dispositions(wanted.run_id, len(known) + 1)
            store.put(key, _LOG.dump_json((*known, added)), only_if_absent=True)
        except PublishConflict:
            continue
        return added
    raise PublishConflict(f"Others give wafers of {wanted.run_id} dispositions all the time. Try again.")


def in_force(dispositions: Iterable[Disposition]) -> InForce:
    """The last word on each wafer of a run; comments change nothing, what is withdrawn is gone."""
    last = {(each.wafer, each.file): each for each in dispositions if each.word != "comment"}
    return {name: each for name, each in last.items() if each.word != "withdrawn"}


def as_outcomes(dispositions: Iterable[Disposition]) -> "Iterator[Outcome]":
    """The dispositions in force that tell an outcome, as if a file had told it."""
    last = {name: each for each in dispositions if each.word != "comment" for name in each.readings}
    for each in dict.fromkeys(last.values()):
        if each.word in FAILED:
            yield {
                "_id": f"{each.run_id} {each.at}",
                "wafer": each.wafer,
                "key": next((forecast.key for forecast in each.forecasts if forecast.key), ""),
                "failed": FAILED[each.word],
                "file": f"the disposition of {each.who}",
                "sha256": "",
                "run_id": each.run_id,
                "received": each.at,
            }
