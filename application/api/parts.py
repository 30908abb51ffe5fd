"""The parts of the service, and how the settings choose them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from application.access.gate import Gate, Limiters
from application.access.sessions import Link, Sessions, session_secret
from application.api.metrics import Metrics
from application.api.models import ModelShelf
from application.api.predictions import Predictions
from application.api.registry import LazyRegistry, Versions
from application.api.sources import Sources
from application.api.uploads import Uploads
from application.api.views import Views
from application.api.where import keys_of
from application.backends.base import Backend
from application.errors import RequestInvalid
from application.runs.ledger.protocol import Ledger
from application.runs.service import Limits, Runs
from application.settings import ServiceSettings
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
    models: ModelShelf
    gate: Gate
    metrics: Metrics
    settings: ServiceSettings
    hosts: tuple[str, ...]


def join_parts(
    settings: ServiceSettings, *, store: Store, ledger: Ledger, backend: Backend, registry: Versions, gate: Gate
) -> Parts:
    """Join parts that are there already."""
    sources = Sources(store, settings.allowed_sources)
    metrics = Metrics()
    runs = Runs(ledger, backend, sources, metrics, _limits(settings, backend))
    return Parts(
        store=store,
        sources=sources,
        uploads=Uploads(store, limit=settings.upload_bytes, files=settings.upload_files),
        runs=runs,
        views=Views(runs, store, sources),
        predictions=Predictions(store),
        models=ModelShelf(registry),
        gate=gate,
        metrics=metrics,
        settings=settings,
        hosts=settings.allowed_hosts or (LOCAL_HOSTS if gate.link else ()),
    )


@contextmanager
def open_parts(common: Settings, settings: ServiceSettings) -> Iterator[Parts]:
    """Make the parts that the settings name, and close them at the end.

    Raises `RequestInvalid` for settings that cannot be, `LedgerUnavailable`, `StoreUnavailable`.
    """
    store = open_store(common.store_uri)
    with _ledger(common, settings) as ledger:
        yield join_parts(
            settings,
            store=store,
            ledger=ledger,
            backend=_backend(common, settings, store),
            registry=LazyRegistry(common.tracking_uri),
            gate=_gate(common, settings),
        )


def _limits(settings: ServiceSettings, backend: Backend) -> Limits:
    key_seconds = settings.key_hours * 3600
    if backend.name == "embedded":  # starting twice is harmless there: the second worker finds the run's lock taken
        return Limits(settings.max_runs, key_seconds, lease_seconds=5)
    return Limits(0, key_seconds, lease_seconds=60)


@contextmanager
def _ledger(common: Settings, settings: ServiceSettings) -> Iterator[Ledger]:
    if settings.ledger:
        table = settings.ledger.removeprefix("dynamodb://")
        if not table or table == settings.ledger:
            raise RequestInvalid(f"WAFER_LEDGER is {settings.ledger!r}; write dynamodb://TABLE, or leave it empty.")
        from application.runs.ledger.dynamodb import DynamoDBLedger

        yield DynamoDBLedger(table)
        return
    from application.runs.ledger.sqlite import SQLiteLedger

    ledger = SQLiteLedger(common.home.absolute() / "ledger.sqlite")
    try:
        yield ledger
    finally:
        ledger.close()


def _backend(common: Settings, settings: ServiceSettings, store: Store) -> Backend:
    if settings.kfp_endpoint:
        from application.backends.kubeflow.backend import KubeflowBackend

        return KubeflowBackend(
            settings.kfp_endpoint,
            store,
            experiment=settings.kfp_experiment,
            namespace=settings.kfp_namespace,
            token=settings.kfp_token,
        )
    from application.backends.local.backend import EmbeddedBackend

    return EmbeddedBackend(common)


def _gate(common: Settings, settings: ServiceSettings) -> Gate:
    """Without any key the link is the only way in."""
    keys = keys_of(common, settings)
    link = None if settings.keys or keys.all() else Link()
    given = settings.session_secret.encode()
    secret = given or session_secret(common.home.absolute() / "session.key")
    limiters = Limiters.of(settings.reads_per_second, settings.changes_per_second)
    return Gate(keys, Sessions(secret, keys, local=link is not None), limiters, link)
