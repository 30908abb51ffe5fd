"""The run service as the settings name it: which ledger, which backends."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

from application.backends.base import Backend, Backends
from application.backends.kubeflow.pods import Cluster
from application.backends.local.backend import EmbeddedBackend
from application.backends.local.processes import earlier_runs
from application.errors import RequestInvalid
from application.runs.ledger.journal import Journal
from application.runs.ledger.protocol import Ledger
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.runs.run import BackendName
from application.runs.service import Runs
from application.settings import ServiceSettings
from wafer.settings import Settings
from wafer.store import Store, open_store


@contextmanager
def open_runs(common: Settings, settings: ServiceSettings, backend: BackendName | None = None) -> Iterator[Runs]:
    """The service for a process at the command line; new runs go to `backend`, else where the settings say.

    Raises `RequestInvalid` for settings that cannot be, `LedgerUnavailable`, `StoreUnavailable`.
    """
    with open_ledger(common, settings) as ledger:
        yield runs_over(ledger, common, settings, open_store(common.store_uri), backend)


def runs_over(
    ledger: Ledger, common: Settings, settings: ServiceSettings, store: Store, backend: BackendName | None = None
) -> Runs:
    """The same over a ledger that is open."""
    backends = backends_of(common, settings, store, backend)
    return Runs(ledger, backends, store, look_back=settings.look_back_hours * 3600)


@contextmanager
def open_ledger(common: Settings, settings: ServiceSettings) -> Iterator[Ledger]:
    """The ledger that `WAFER_LEDGER` names; else the file below the home, with the runs that are older than it."""
    if table := _table(settings):
        from application.runs.ledger.dynamodb import DynamoDBLedger  # boto3: 0.3 s

        yield DynamoDBLedger(table)
        return
    with closing(SQLiteLedger(_file(common))) as ledger:
        ledger.import_once(lambda: earlier_runs(common))
        yield ledger


def open_journal(common: Settings, settings: ServiceSettings) -> AbstractContextManager[Journal]:
    """The journal that is kept with the ledger."""
    if table := _table(settings):
        from application.runs.ledger.dynamodb_journal import DynamoDBJournal  # boto3: 0.3 s

        return nullcontext(DynamoDBJournal(table))
    return closing(SQLiteJournal(_file(common)))


def _table(settings: ServiceSettings) -> str:
    """The table of `WAFER_LEDGER`; empty where a file is the ledger."""
    table = settings.ledger.removeprefix("dynamodb://")
    if settings.ledger and table in {"", settings.ledger}:
        raise RequestInvalid(f"WAFER_LEDGER is {settings.ledger!r}; write dynamodb://TABLE, or leave it empty.")
    return table


def _file(common: Settings) -> Path:
    return common.home / "ledger.sqlite"


def backends_of(
    common: Settings, settings: ServiceSettings, store: Store, wanted: BackendName | None = None
) -> Backends:
    """This machine and, with `KFP_ENDPOINT`, Kubeflow; new runs go to `wanted`, else to Kubeflow where it is set."""
    local = EmbeddedBackend(common, at_once=settings.max_runs)
    if not settings.kfp_endpoint:
        if wanted == "kubeflow":
            raise RequestInvalid("KFP_ENDPOINT is not set, so there is no Kubeflow to run on. Set it to its address.")
        return Backends(local)
    kubeflow = _kubeflow(settings, store)
    if wanted != "embedded":
        return Backends(kubeflow, {local.name: local})
    if settings.ledger:
        raise RequestInvalid(
            f"The ledger {settings.ledger} is shared with processes elsewhere, which cannot see a run of this machine. "
            "Run on Kubeflow, or unset WAFER_LEDGER."
        )
    return Backends(local, {kubeflow.name: kubeflow})


def _kubeflow(settings: ServiceSettings, store: Store) -> Backend:
    from application.backends.kubeflow.backend import KubeflowBackend  # kfp: 0.7 s

    return KubeflowBackend(
        settings.kfp_endpoint,
        store,
        experiment=settings.kfp_experiment,
        namespace=settings.kfp_namespace,
        token=settings.kfp_token,
        auto_retries=settings.auto_retries,
        cluster=Cluster.around(),
    )
