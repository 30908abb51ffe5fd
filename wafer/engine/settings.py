"""Which engine the settings ask for."""

from pathlib import Path

from wafer.engine.inline import Inline
from wafer.engine.protocol import Engine
from wafer.errors import EngineUnavailable
from wafer.settings import Settings

_SECRET = ("ca.crt", "tls.crt", "tls.key")  # as cert-manager writes them


def open_engine(settings: Settings, threads: int = 0) -> Engine:
    """The cluster at `WAFER_ENGINE`, else `WAFER_WORKERS` processes, else threads of this one, by default a few.

    Raises EngineUnavailable.
    """
    if settings.engine:
        from wafer.engine.cluster import Cluster  # this and the next: who works inline goes without

        return Cluster(_encrypted(settings.engine), certificates(settings))
    if settings.workers > 1:
        from wafer.engine.processes import Processes

        return Processes(settings.workers)
    return Inline(threads)


def certificates(settings: Settings) -> Path:
    """The folder of the certificates. Raises EngineUnavailable when one is missing."""
    folder = settings.engine_tls
    if folder is None or not all((folder / name).is_file() for name in _SECRET):
        raise EngineUnavailable(
            f"WAFER_ENGINE_TLS must name a folder with {', '.join(_SECRET)}: workers do whatever a client sends, so "
            "nobody without a certificate may reach them."
        )
    return folder


def _encrypted(address: str) -> str:
    if not address.startswith("tls://"):
        raise EngineUnavailable(f"WAFER_ENGINE is {address!r}; write tls://host:port, other connections are refused.")
    return address
