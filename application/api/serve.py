"""Run the service: bind, say where it is, serve until told to stop."""

import asyncio
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import structlog
import uvicorn

from application.api.app import create_app
from application.api.body_limit import HTTP
from application.api.parts import Parts, open_parts
from application.api.scraping import scraped
from application.errors import RequestInvalid
from application.page.routes import router as page
from application.settings import ServiceSettings
from wafer.logs import configure_logs
from wafer.process import hurry
from wafer.settings import Settings

GRACE_SECONDS = 20  # for requests not yet answered; runs continue without the service
KEEP_ALIVE_SECONDS = 15
BACKLOG = 512


def serve(host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `tell` gets the lines for a person.

    Raises `RequestInvalid` when the address cannot be used: taken, or open to others although no key is configured.
    """
    configure_logs()
    hurry()
    settings = ServiceSettings()
    with open_parts(Settings(), settings) as parts:
        if parts.gate.link and not _is_local(host):
            raise RequestInvalid(
                f"{host} can be reached by others, and no API key is configured. Make one first "
                "(`wafer keys add NAME --role admin`), or serve on 127.0.0.1."
            )
        with listen(host, port) as listening, _scraping(host, settings) as scraping:
            _welcome(parts, f"http://{_shown(host)}:{listening.getsockname()[1]}{settings.prefix}", tell)
            for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them once more when it has stopped
                signal.signal(number, lambda *_: None)
            asyncio.run(_serve(parts, settings, listening, scraping))
    structlog.get_logger().info("service.stopped")


async def _serve(
    parts: Parts, settings: ServiceSettings, listening: socket.socket, scraping: socket.socket | None
) -> None:
    config = uvicorn.Config(
        create_app(parts, pages=(page,)),
        http=HTTP,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.proxies,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    structlog.get_logger().info("service.started", address=listening.getsockname()[0], port=listening.getsockname()[1])
    with scraped(parts, scraping):
        await uvicorn.Server(config).serve(sockets=[listening])


def _welcome(parts: Parts, address: str, tell: Callable[[str], None]) -> None:
    if link := parts.gate.link:
        link.tell = lambda token: tell(f"Open this link; it signs you in once:\n\n    {address}/login?token={token}\n")
        link.tell(link.token)
    else:
        tell(f"Serving at {address}; sign in with an API key.")


def _scraping(host: str, settings: ServiceSettings) -> AbstractContextManager[socket.socket | None]:
    return listen(host, settings.metrics_port) if settings.metrics_port else nullcontext()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `RequestInvalid`.

    It names TCP as its protocol, because asyncio turns Nagle's delay off for those alone: 40 ms a response otherwise.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise RequestInvalid(
            f"{host}:{port} cannot be served: {error.strerror or error}. Choose another port (`--port`)."
        ) from error
    return listening


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    serve("127.0.0.1", int(sys.argv[1]), print)
