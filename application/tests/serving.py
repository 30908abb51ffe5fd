"""A served application for tests: the parts over fakes, and clients with every role."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn

from application.access.gate import Gate, Limiters
from application.access.keys import Keys
from application.access.limits import Limiter, Rate
from application.access.roles import Role
from application.access.sessions import Link, Sessions
from application.api.app import create_app
from application.api.parts import Parts, join_parts
from application.api.serve import listen
from application.backends.base import Backend, Backends
from application.page.routes import router as page
from application.runs.ledger.protocol import Ledger
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.settings import ServiceSettings
from application.tests.fakes import FakeBackend, FakeRegistry
from wafer.built_in import BUILT_IN
from wafer.registry import ModelVersions, model_of
from wafer.store import Store, open_store


def unlimited() -> Limiters:
    """Limiters that let everything through."""
    endless = Rate(1e9, 1e9)
    return Limiters(Limiter(endless), Limiter(endless), Limiter(endless))


@dataclass
class Service:
    """The parts, the fakes behind them, and the address they are served at."""

    parts: Parts
    store: Store
    backend: FakeBackend
    registry: FakeRegistry
    keys: Keys
    link: Link | None
    home: Path
    url: str
    _texts: dict[Role, str] = field(default_factory=dict)

    def key(self, role: Role) -> str:
        if role not in self._texts:
            self._texts[role] = self.keys.add(role, role)
        return self._texts[role]

    def client(self, role: Role | None = "admin") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key(role)}"} if role else {}
        # Plain HTTP: the certificates of the machine, which a client reads otherwise, take longer than most tests.
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)

    def batches(self, name: str = "raw/train/lot-1") -> str:
        self.store.put(f"{name}/wafer_01032021_041011.csv", b"x")
        return name


MakeService = Callable[..., Service]


@contextmanager
def open_service(
    home: Path,
    *,
    link: bool = False,
    limiters: Limiters | None = None,
    store_uri: str = "",
    ledger: Ledger | None = None,
    over: Backend | None = None,
    versions: ModelVersions | None = None,
    **settings: object,
) -> Iterator[Service]:
    """Serve parts over fakes at 127.0.0.1, or `over` another backend, or with other `versions` of the model.

    `settings` go by the names of their variables.
    """
    store = open_store(store_uri or str(home / "store"))
    keys = Keys(home / "keys.json")
    once = Link() if link else None
    gate = Gate(keys, Sessions(b"secret", keys, local=link), limiters or unlimited(), once)
    chosen = ServiceSettings.model_validate({"WAFER_HOSTS": "127.0.0.1", **settings})
    backend, registry = FakeBackend(store, at_once=chosen.max_runs), FakeRegistry()
    file = home / "ledger.sqlite"
    with closing(SQLiteLedger(file)) as own, closing(SQLiteJournal(file)) as journal:
        parts = join_parts(
            chosen,
            store=store,
            ledger=ledger or own,
            journal=journal,
            backends=Backends(over or backend),
            registries=lambda name: (versions or registry) if name == BUILT_IN else FakeRegistry(model_of(name)),
            documents_uri=str(home / "documents.sqlite"),
            gate=gate,
        )
        with served(parts) as url:
            yield Service(parts, store, backend, registry, keys, once, home, url)


class PromptServer(uvicorn.Server):
    """Ends when it is told to, not at the next tenth of a second."""

    async def main_loop(self) -> None:
        while not self.should_exit:
            await asyncio.sleep(0.005)


@contextmanager
def served(parts: Parts) -> Iterator[str]:
    """The address of parts, which answers at once, because its socket listens already."""
    with listen("127.0.0.1", 0) as listening:
        config = uvicorn.Config(create_app(parts, watch=False, pages=(page,)), log_config=None, access_log=False)
        server = PromptServer(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def expired(keys: Keys) -> str:
    """A key whose time is over."""
    text = keys.add("expired", "admin", lifetime=timedelta(seconds=-1))
    assert keys.all()[-1].expired(datetime.now(UTC))
    return text
