"""Two predictions of the same wafers, side by side: whose verdict differs, and who moved in the ranking."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

Verdict = Literal["pass", "fail", "inspect"]
_COLUMNS = ("file", "wafer", "verdict", "probability", "in_training")


class Answer(NamedTuple):
    """What one prediction says of a wafer; its rank counts the wafers that both predictions have."""

    rank: int
    verdict: Verdict
    probability: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A wafer that both predictions have."""

    wafer: str
    file: str
    a: Answer
    b: Answer

    @property
    def differs(self) -> bool:
        """Whether the verdicts differ."""
        return self.a.verdict != self.b.verdict

    @property
    def shift(self) -> int:
        """Ranks that b puts the wafer nearer to the top than a does."""
        return self.a.rank - self.b.rank


@dataclass(frozen=True)  # no slots: what is counted is kept
class Comparison:
    """Both predictions; `pairs` come with the greatest move first, those of another verdict before the others.

    `learned` counts the wafers left out, because a version that predicted had learned from them.
    """

    pairs: tuple[Pair, ...]
    only_a: int
    only_b: int
    learned: int = 0

    @cached_property
    def verdicts(self) -> Counter[tuple[Verdict, Verdict]]:
        """How many wafers have these verdicts, a's and b's."""
        return Counter((each.a.verdict, each.b.verdict) for each in self.pairs)

    @property
    def differing(self) -> int:
        """How many wafers have another verdict in b."""
        return sum(number for (a, b), number in self.verdicts.items() if a != b)


def compare(a: "pa.Table", b: "pa.Table", *, with_learned: bool = False) -> Comparison:
    """Two predictions, each in the order of its ranks; `with_learned`, those too that a version had learned from.

    Wafers are the same by file and name, and where a file has another name in the other run, by a name of their own.
    """
    left, right = _answers(a), _answers(b)
    partners = {key: key for key in left if key in right}
    partners |= _by_name(set(left) - set(partners), set(right) - set(partners.values()))
    both = len(partners)
    if not with_learned:
        partners = {k: v for k, v in partners.items() if not (left[k].learned or right[v].learned)}
    ranks_a = {key: at for at, key in enumerate((key for key in left if key in partners), start=1)}
    wanted = set(partners.values())
    ranks_b = {key: at for at, key in enumerate((key for key in right if key in wanted), start=1)}
    pairs = [
        Pair(key[1], key[0], left[key].at(ranks_a[key]), right[other].at(ranks_b[other]))
        for key, other in partners.items()
    ]
    pairs.sort(key=lambda each: (not each.differs, -abs(each.shift), each.a.rank))
    return Comparison(tuple(pairs), len(left) - both, len(right) - both, both - len(pairs))


Key = tuple[str, str]


class _Told(NamedTuple):
    verdict: Verdict
    probability: float | None
    learned: bool

    def at(self, rank: int) -> Answer:
        return Answer(rank, self.verdict, self.probability)


def _answers(table: "pa.Table") -> dict[Key, _Told]:
    """Each wafer's answer; of one that a file holds twice, the more suspicious one, which stands first."""
    found: dict[Key, _Told] = {}
    there = [name for name in _COLUMNS if name in table.column_names]  # an older release did not say what it knew
    for row in table.select(there).to_pylist():
        probability = row["probability"]
        real = probability is not None and probability == probability  # not NaN
        told = _Told(row["verdict"], probability if real else None, bool(row.get("in_training")))
        found.setdefault((row["file"], row["wafer"]), told)
    return found


def _by_name(left: set[Key], right: set[Key]) -> dict[Key, Key]:
    """The wafers whose name stands once on either side."""
    mine, theirs = Counter(key[1] for key in left), Counter(key[1] for key in right)
    named = {key[1]: key for key in right if theirs[key[1]] == 1}
    return {key: named[key[1]] for key in left if mine[key[1]] == 1 and key[1] in named}
