"""Which engine the settings ask for."""

from pathlib import Path
from uuid import uuid4

from wafer.engine.inline import Inline
from wafer.engine.place import Place
from wafer.engine.processes import Processes
from wafer.engine.protocol import Engine
from wafer.errors import EngineUnavailable
from wafer.settings import Settings

_SECRET = ("ca.crt", "tls.crt", "tls.key")  # as cert-manager writes them


def open_engine(settings: Settings, threads: int = 0, *, run_id: str = "", task: str = "units") -> Engine:
    """The cluster at `WAFER_ENGINE`, else `WAFER_WORKERS` processes, else threads of this one, by default a few.

    On a cluster, another attempt at the same task of the same run finds the units that an earlier one has done.
    Raises EngineUnavailable.
    """
    if settings.engine:
        from wafer.engine.cluster import Cluster  # distributed: who works inline goes without

        place = Place(settings.store_uri, run_id or f"command-{uuid4().hex}", task)
        return Cluster(_encrypted(settings.engine), certificates(settings), place)
    if settings.workers > 1:
        return Processes(settings.workers)
    return Inline(threads)


def certificates(settings: Settings) -> Path:
    """The folder of the certificates. Raises EngineUnavailable when one is missing."""
    folder = settings.engine_tls
    if not all((folder / name).is_file() for name in _SECRET):
        raise EngineUnavailable(
            f"WAFER_ENGINE_TLS must name a folder with {', '.join(_SECRET)}: workers do whatever a client sends, so "
            "nobody without a certificate may reach them."
        )
    return folder


def _encrypted(address: str) -> str:
    if not address.startswith("tls://"):
        raise EngineUnavailable(f"WAFER_ENGINE is {address!r}; write tls://host:port, other connections are refused.")
    return address
