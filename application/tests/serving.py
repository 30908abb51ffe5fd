"""A served application for tests: the parts over fakes, and clients with every role."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn

from application.access.keys import Keys
from application.access.limits import Limiter, Rate
from application.access.roles import Role
from application.access.sessions import Link
from application.ledger.sqlite import SQLiteLedger
from application.service.app import create_app
from application.service.gate import Limiters
from application.service.parts import Parts
from application.tests.fakes import FakeBackend, FakeRegistry
from wafer.storage import Store


def unlimited() -> Limiters:
    """Limiters that let everything through."""
    endless = Rate(1e9, 1e9)
    return Limiters(Limiter(endless), Limiter(endless), Limiter(endless))


@dataclass
class Service:
    """The parts, the fakes behind them, and the address they are served at."""

    parts: Parts
    store: Store
    ledger: SQLiteLedger
    backend: FakeBackend
    registry: FakeRegistry
    keys: Keys
    link: Link | None
    url: str = ""
    _texts: dict[Role, str] = field(default_factory=dict)

    def key(self, role: Role) -> str:
        if role not in self._texts:
            self._texts[role] = self.keys.add(role, role)
        return self._texts[role]

    def client(self, role: Role | None = "admin", **more: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key(role)}"} if role else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, **more)

    def batches(self, name: str = "raw/train/lot-1", files: int = 1) -> str:
        for number in range(files):
            self.store.put(f"{name}/wafer_0{number}032021_041011.csv", b"x")
        return name


MakeService = Callable[..., Service]


def serve_in_thread(parts: Parts) -> tuple[str, Callable[[], None]]:
    """Serve; the address answers at once, because the socket listens already."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    app = create_app(parts, watch=False)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listening.close()

    return f"http://127.0.0.1:{listening.getsockname()[1]}", stop


def expired(keys: Keys) -> str:
    """A key whose time is over."""
    text = keys.add("expired", "admin", lifetime=timedelta(seconds=-1))
    assert keys.all()[-1].expired(datetime.now(UTC))
    return text
