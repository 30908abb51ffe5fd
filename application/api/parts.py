"""The parts of the service, and how the settings choose them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from application.access.gate import Gate, Limiters
from application.access.sessions import Link, Sessions, session_secret
from application.api.breaker import Breaker, guarded
from application.api.line import Line
from application.api.lines import Lines
from application.api.metrics import Metrics
from application.api.readiness import Checks
from application.api.registry import LazyRegistry
from application.api.set_contracts import SetContracts
from application.api.shapes.runs import RunRequest
from application.api.sources import Sources
from application.api.uploads import Uploads
from application.api.views import Views
from application.api.where import keys_of
from application.backends.base import Backends
from application.errors import RequestInvalid
from application.notices.notices import Notices
from application.notices.opening import open_notices
from application.retraining.retraining import Retraining
from application.runs.from_outcomes import PARAMETER, batches_from_outcomes
from application.runs.ledger.journal import Journal
from application.runs.ledger.protocol import Ledger
from application.runs.opening import backends_of, open_journal, open_ledger
from application.runs.removal import Removals
from application.runs.run import CONTRACT, Parameters, under
from application.runs.service import Runs
from application.schedules.schedules import Schedules
from application.settings import ServiceSettings
from wafer.built_in import BUILT_IN
from wafer.contract import load_contract
from wafer.contract.text import Text
from wafer.errors import RegistryUnavailable, StoreUnavailable
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.registry import ModelVersions
from wafer.runs import Pipeline
from wafer.settings import Settings
from wafer.store import Store, open_store

if TYPE_CHECKING:
    from application.api.history import History

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a request may need."""

    store: Store
    sources: Sources
    sets: SetContracts
    uploads: Uploads
    runs: Runs
    views: Views
    lines: Lines
    history: "Callable[[], History]"
    notices: Notices | None
    retraining: Retraining
    schedules: Schedules
    removals: Removals
    gate: Gate
    metrics: Metrics
    line: Line
    checks: Checks
    settings: ServiceSettings
    hosts: tuple[str, ...]
    documents_uri: str

    def parameters(self, pipeline: Pipeline, asked: RunRequest) -> Parameters:
        """The parameters of a run that was asked for, with the addresses of its contract's files.

        Without a name, the contract is that of the batch set, else the default one.
        Raises `SourceNotAllowed`, `ContractNotFound`, `RequestInvalid`.
        """
        named = self.sources.parameters(asked.parameters())
        own = any(named.get(name) for name in CONTRACT)
        if own and asked.contract:
            raise RequestInvalid("A contract has its own schema and policy: send its name or files, not both.")
        if own:
            return named
        kept = self.sets.of(self.sources.shown(self.sources.batches(asked.source)))
        return under(self.lines.contracts.get(asked.contract or kept or self.lines.default), pipeline, named)

    def from_outcomes(self, source: str, parameters: Parameters) -> Parameters:
        """Further parameters of a training over `source` that learns from predictions and their outcomes too."""
        return {PARAMETER: batches_from_outcomes(self.store, self.documents_uri, source, parameters).uri}


def join_parts(
    settings: ServiceSettings,
    *,
    store: Store,
    ledger: Ledger,
    journal: Journal,
    backends: Backends,
    registries: Callable[[str], ModelVersions],
    documents_uri: str,
    gate: Gate,
    contract: str = BUILT_IN,
    rule: Rule = DEFAULT,
) -> Parts:
    """Join parts that are there already; no request waits long for a store or registry that is away.

    `registries` opens the model of a contract, `contract` is the name of the default one, `rule` keeps the budget of
    answers at once.
    """
    store = guarded(store, Breaker("the store", StoreUnavailable))
    breaker = Breaker("the model registry", RegistryUnavailable)
    sources, sets = Sources(store, settings.allowed_sources), SetContracts(store)
    metrics = Metrics()
    lines = Lines(
        store,
        lambda name: guarded(registries(name), breaker),
        contract,
        lambda: load_contract("prediction", settings.schema_file, settings.policy_file),
        rule,
    )
    runs = Runs(ledger, backends, store, metrics, settings.key_hours * 3600, settings.look_back_hours * 3600)
    retraining = Retraining(
        runs,
        journal,
        store,
        lines.judge,
        documents_uri,
        every=settings.retrain_batches,
        promotion=settings.retrain_promotion,
    )

    def form(name: str) -> Text:
        return lines.chosen(name).load("training").policy.text

    @cache
    def history() -> "History":
        from application.api.history import History  # with pyarrow 0.3 s of a start

        return History.of(store, runs, sources, lines, documents_uri)

    return Parts(
        store=store,
        sources=sources,
        sets=sets,
        uploads=Uploads(store, sets, form, limit=settings.upload_bytes, files=settings.upload_files),
        runs=runs,
        views=Views(runs, store, sources),
        lines=lines,
        history=history,
        notices=open_notices(settings, ledger, journal, store, lines.registries, lines.judge),
        retraining=retraining,
        schedules=Schedules(runs, journal, lines.contracts, lines.require_production),
        removals=Removals(runs, store, journal, lines.trainings_in_production, settings.retention_days),
        gate=gate,
        metrics=metrics,
        line=Line(metrics.registry, runs, store, lines.in_production),
        checks=Checks({"store": lambda: store.keys("pipelines"), "runs": runs.check}),
        settings=settings,
        hosts=settings.allowed_hosts or (LOCAL_HOSTS if gate.link else ()),
        documents_uri=documents_uri,
    )


@contextmanager
def open_parts(common: Settings, settings: ServiceSettings) -> Iterator[Parts]:
    """Make the parts that the settings name, and close them at the end.

    Raises `RequestInvalid` for settings that cannot be, `LedgerUnavailable`, `StoreUnavailable`.
    """
    store = open_store(common.store_uri)
    with open_ledger(common, settings) as ledger, open_journal(common, settings) as journal:
        yield join_parts(
            settings,
            store=store,
            ledger=ledger,
            journal=journal,
            backends=backends_of(common, settings, store),
            registries=lambda name: LazyRegistry(common.tracking_uri, name),
            documents_uri=common.documents_uri,
            gate=_gate(common, settings),
            contract=common.contract,
            rule=common.threshold,
        )


def _gate(common: Settings, settings: ServiceSettings) -> Gate:
    """Without any key the link is the only way in."""
    keys = keys_of(common, settings)
    link = None if settings.keys or keys.all() else Link()
    given = settings.session_secret.encode()
    secret = given or session_secret(common.home / "session.key")
    limiters = Limiters.of(settings.reads_per_second, settings.changes_per_second)
    return Gate(keys, Sessions(secret, keys, local=link is not None), limiters, link)
