"""What a document database does here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, Self, TypeVar

from wafer.documents.document import Document, DocumentRows
from wafer.documents.outcome import Outcome
from wafer.errors import ContractInvalid

T = TypeVar("T")
KINDS = ("training", "prediction")  # of wafers with their readings


@dataclass(frozen=True, slots=True)
class Inserted:
    """How many documents a load wrote, and the `_id` of every one that it found in place.

    A document whose first try was written but not answered counts as found: together they are always all of them.
    """

    inserted: int
    found: tuple[str, ...] = ()

    @property
    def already(self) -> int:
        """How many documents were there before."""
        return len(self.found)


class Closing(Protocol):
    """Gives its connection back at the end of a `with` block."""

    def close(self) -> None:
        """Give the connection back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Documents(Closing, Protocol):
    """Documents by `_id`, in one collection for each kind; `DocumentsUnavailable` where the database does not serve."""

    def insert(self, kind: str, rows: DocumentRows) -> Inserted:
        """Write those documents whose `_id` is not there yet, in batches; safe to repeat and to run side by side."""

    def read(self, kind: str, ids: Iterable[str]) -> Iterator[Document]:
        """Read documents in the order of the ids, a bounded number of them in memory; unknown ids are left out."""

    def keep_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Write those outcomes whose `_id` is not there yet; how many these were. Safe to repeat, as `insert`."""

    def outcomes_of(self, wafers: Iterable[str]) -> Iterator[Outcome]:
        """Every outcome that is known of these wafers, in no order, a bounded number of them in memory."""

    def count(self, kind: str) -> int:
        """How many documents of a kind there are, of all runs."""


def collection_of(kind: str) -> str:
    """Name of the collection or table that holds a kind; `ContractInvalid` for what is no kind."""
    if kind not in KINDS:
        raise ContractInvalid(f"{kind!r} is no kind of batch; choose training or prediction.")
    return kind


def batches_of(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a stream into lists of `size`, the last one shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
