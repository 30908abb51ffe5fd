"""The parts of the service, and how the settings choose them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from application.access.gate import Gate, Limiters
from application.access.sessions import Link, Sessions, session_secret
from application.api.breaker import Breaker, guarded
from application.api.dispositions import Dispositions
from application.api.drift import DriftBook
from application.api.explanations import Explanations
from application.api.known import Known
from application.api.line import Line
from application.api.lots import LotBook
from application.api.metrics import Metrics
from application.api.models import ModelShelf
from application.api.online import OnlineScores
from application.api.predictions import Predictions
from application.api.readiness import Checks
from application.api.registry import LazyRegistry
from application.api.scorecards import Scorecards
from application.api.sensors import SensorBook
from application.api.sources import Sources
from application.api.uploads import Uploads
from application.api.views import Views
from application.api.where import keys_of
from application.backends.base import Backends
from application.notices.notices import Notices
from application.notices.opening import open_notices
from application.retraining.retraining import Retraining
from application.runs.ledger.journal import Journal
from application.runs.ledger.protocol import Ledger
from application.runs.opening import backends_of, open_journal, open_ledger
from application.runs.removal import Removals
from application.runs.run import Parameters
from application.runs.service import Runs
from application.schedules.schedules import Schedules
from application.scoring.production import LoadedModels, Production
from application.settings import ServiceSettings
from wafer.contract import load_contract
from wafer.errors import RegistryUnavailable, StoreUnavailable
from wafer.registry import PRODUCTION, ModelVersions
from wafer.settings import Settings
from wafer.store import Store, open_store

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a request may need."""

    store: Store
    sources: Sources
    uploads: Uploads
    runs: Runs
    views: Views
    predictions: Predictions
    explanations: Explanations
    dispositions: Dispositions
    scores: OnlineScores
    models: ModelShelf
    scorecards: Scorecards
    lots: LotBook
    sensors: SensorBook
    drift: DriftBook
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

    def from_outcomes(self, source: str, parameters: Parameters) -> Parameters:
        """Further parameters of a training over `source` that learns from predictions and their outcomes too."""
        from application.runs.from_outcomes import PARAMETER, batches_from_outcomes  # pyarrow: 0.2 s of a start

        return {PARAMETER: batches_from_outcomes(self.store, self.documents_uri, source, parameters).uri}


def join_parts(
    settings: ServiceSettings,
    *,
    store: Store,
    ledger: Ledger,
    journal: Journal,
    backends: Backends,
    registry: ModelVersions,
    documents_uri: str,
    gate: Gate,
) -> Parts:
    """Join parts that are there already; no request waits long for a store or registry that is away."""
    store = guarded(store, Breaker("the store", StoreUnavailable))
    registry = guarded(registry, Breaker("the model registry", RegistryUnavailable))
    sources = Sources(store, settings.allowed_sources)
    metrics = Metrics()
    predictions, known = Predictions(store), Known(store)
    models, loaded = ModelShelf(registry), LoadedModels(registry)
    runs = Runs(ledger, backends, store, metrics, settings.key_hours * 3600, settings.look_back_hours * 3600)
    scorecards = Scorecards(store, models)
    retraining = Retraining(
        runs,
        journal,
        store,
        scorecards.in_production,
        documents_uri,
        every=settings.retrain_batches,
        promotion=settings.retrain_promotion,
    )
    return Parts(
        store=store,
        sources=sources,
        uploads=Uploads(store, limit=settings.upload_bytes, files=settings.upload_files),
        runs=runs,
        views=Views(runs, store, sources),
        predictions=predictions,
        explanations=Explanations(store, predictions, registry, loaded, documents_uri),
        dispositions=Dispositions(store, predictions, documents_uri),
        scores=OnlineScores(
            Production(registry, loaded),
            lambda: load_contract("prediction", settings.schema_file, settings.policy_file),
        ),
        models=models,
        scorecards=scorecards,
        lots=LotBook(store, runs, known),
        sensors=SensorBook(store, runs, predictions, models, known),
        drift=DriftBook(store, runs, sources),
        notices=open_notices(settings, ledger, journal, store, registry, scorecards.in_production),
        retraining=retraining,
        schedules=Schedules(runs, journal, models.require_production),
        removals=Removals(runs, store, journal, lambda: _produced(registry), settings.retention_days),
        gate=gate,
        metrics=metrics,
        line=Line(metrics.registry, runs, store, scorecards.in_production),
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
            registry=LazyRegistry(common.tracking_uri),
            documents_uri=common.documents_uri,
            gate=_gate(common, settings),
        )


def _produced(registry: ModelVersions) -> str:
    """The training of the version in production; empty where none is."""
    return next((each.run_id for each in registry.versions() if PRODUCTION in each.aliases), "")


def _gate(common: Settings, settings: ServiceSettings) -> Gate:
    """Without any key the link is the only way in."""
    keys = keys_of(common, settings)
    link = None if settings.keys or keys.all() else Link()
    given = settings.session_secret.encode()
    secret = given or session_secret(common.home / "session.key")
    limiters = Limiters.of(settings.reads_per_second, settings.changes_per_second)
    return Gate(keys, Sessions(secret, keys, local=link is not None), limiters, link)
