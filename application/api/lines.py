"""The lines of an installation: each contract with its own model, and what is known of that (ADR 27)."""

import time
from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from threading import Condition
from typing import TYPE_CHECKING

from cachetools import LRUCache, TTLCache, cachedmethod

from application.api.models import ModelBook
from application.api.online import OnlineScores
from application.scoring.production import LoadedModels, Production
from application.scoring.reference import LatestScores
from wafer.built_in import BUILT_IN
from wafer.contract import Contract, Contracts, NamedContract, load_contract
from wafer.errors import NoProductionModel
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.evaluation.standing import Period, Scorecard
from wafer.registry import PRODUCTION, ModelVersions
from wafer.store import Store

if TYPE_CHECKING:
    from application.api.scorecards import Scorecards

KEPT = 32  # lines whose models are in memory as far as they were asked for
FRESH_SECONDS = 5.0  # another version of a contract is taken up after so long


class ContractLine:
    """One contract's model."""

    def __init__(self, contract: str, registry: ModelVersions, store: Store) -> None:
        self.contract = contract
        self.registry = registry
        self.models = ModelBook(registry)
        self.loaded = LoadedModels(registry)
        self.latest = LatestScores(store, contract)
        self._store = store

    @cached_property
    def scorecards(self) -> "Scorecards":
        """How its versions turned out."""
        from application.api.scorecards import Scorecards  # with pyarrow 0.3 s of a start

        return Scorecards(self._store, self.models, self.contract)

    def in_production(self, unit: Period = "month") -> Scorecard | None:
        """The scorecard of the version in production; None without one."""
        try:
            version = self.models.production()
        except NoProductionModel:
            return None
        return self.scorecards.of(version, unit)


def _shipped() -> Contract:
    return load_contract("prediction")


class Lines:
    """The lines by the names of their contracts.

    `read` is how wafers of the built-in one are read at once, `rule` how their budget is kept unless a request says it.
    """

    def __init__(
        self,
        store: Store,
        registries: Callable[[str], ModelVersions],
        default: str = BUILT_IN,
        read: Callable[[], Contract] = _shipped,
        rule: Rule = DEFAULT,
    ) -> None:
        self.contracts = Contracts(store)
        self.default = default
        self._store = store
        self._registries = registries
        self._read = read
        self._rule: Rule = rule
        self._condition = Condition()  # one caller at a time makes a line; the others wait for it
        self._lines: LRUCache[str, ContractLine] = LRUCache(KEPT)
        self._named: TTLCache[str, NamedContract, float] = TTLCache(KEPT, FRESH_SECONDS)
        self._scores: LRUCache[tuple[str, str], OnlineScores] = LRUCache(KEPT)
        self._at_hand: dict[str, tuple[float, OnlineScores]] = {}  # name -> until when it is fresh; one write, no lock

    def of(self, name: str = "") -> ContractLine:
        """The line of a contract, the default one for no name. Raises `ContractNotFound`."""
        return self.past(self.chosen(name).name)

    def all(self) -> list[ContractLine]:
        """Every line that new runs can be for."""
        return [self.past(each.name) for each in self.contracts.all()]

    def chosen(self, name: str = "") -> NamedContract:
        """The contract of that name, else the default. Raises `ContractNotFound`."""
        return self._contract(name or self.default)

    def scores(self, name: str = "") -> OnlineScores:
        """What judges wafers of a line at once. Raises `ContractNotFound`."""
        until = time.monotonic() + FRESH_SECONDS
        found = self._online(self.chosen(name))
        self._at_hand[name] = until, found
        return found

    def scores_at_hand(self, name: str = "") -> OnlineScores | None:
        """The same where it answers without waiting for anybody, else None."""
        until, found = self._at_hand.get(name, (0.0, None))
        return found if found and found.at_hand and time.monotonic() < until else None

    def in_production(self) -> list[Scorecard]:
        """The scorecards of all versions in production."""
        return [card for each in self.contracts.all() if (card := self.judge(each.name))]

    def judge(self, name: str) -> Scorecard | None:
        """The scorecard of the version in production; None without one."""
        return self.past(name).in_production()

    def registries(self) -> dict[str, ModelVersions]:
        """The model of every line that new runs can be for."""
        return {line.contract: line.registry for line in self.all()}

    def require_production(self, name: str) -> None:
        """Raise `NoProductionModel` where no prediction of a line could succeed."""
        self.past(name).models.require_production()

    def trainings_in_production(self, name: str) -> set[str]:
        """The training that made the version in production of a contract, also of one that was removed since."""
        return {each.run_id for each in self.past(name).registry.versions() if PRODUCTION in each.aliases}

    @cachedmethod(attrgetter("_lines"), condition=attrgetter("_condition"))
    def past(self, name: str) -> ContractLine:
        """The line of a run, also of one whose contract was removed since."""
        return ContractLine(name, self._registries(name), self._store)

    @cachedmethod(attrgetter("_named"), condition=attrgetter("_condition"))
    def _contract(self, name: str) -> NamedContract:
        return self.contracts.get(name)

    @cachedmethod(
        attrgetter("_scores"), key=lambda _, each: (each.name, each.digest), condition=attrgetter("_condition")
    )
    def _online(self, contract: NamedContract) -> OnlineScores:
        line = self.past(contract.name)
        read = self._read if contract.built_in else lambda: contract.load("prediction")
        return OnlineScores(Production(line.registry, line.loaded, line.latest), read, self._rule)
