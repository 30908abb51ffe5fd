"""The wire between a client and a server, made bad on purpose through the API of toxiproxy."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

Kind = Literal["latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A port of 127.0.0.1 that leads to a server, sound until told otherwise."""

    api: str  # address of this proxy in the API
    port: int

    def add(self, kind: Kind, *, upstream: bool = False, share: float = 1.0, **attributes: int) -> None:
        """Spoil what comes from the server (or goes `upstream`) in this `share` of the connections.

        Attributes by kind: latency (latency, jitter: ms), bandwidth (rate: KB/s), slow_close (delay: ms),
        timeout (timeout: ms), reset_peer (timeout: ms), slicer (average_size, size_variation: bytes, delay: µs),
        limit_data (bytes).
        """
        stream = "upstream" if upstream else "downstream"
        toxic = {"type": kind, "stream": stream, "toxicity": share, "attributes": attributes}
        _call("POST", f"{self.api}/toxics", toxic)

    def clear(self) -> None:
        """Make the wire sound again."""
        for toxic in _call("GET", f"{self.api}/toxics"):
            _call("DELETE", f"{self.api}/toxics/{toxic['name']}")

    def cut(self) -> None:
        """Break all connections and refuse new ones, as if the server was down."""
        _call("POST", self.api, {"enabled": False})

    def mend(self) -> None:
        """Take connections again after `cut`."""
        _call("POST", self.api, {"enabled": True})

    def remove(self) -> None:
        """Break all connections and give the port back."""
        _call("DELETE", self.api)


@dataclass(frozen=True, slots=True)
class Toxiproxy:
    """A running toxiproxy, by the address of its API."""

    url: str

    def proxy_to(self, port: int, host: str = "127.0.0.1") -> Proxy:
        """Open a port of 127.0.0.1 that leads to another port."""
        wanted = {"name": uuid4().hex, "listen": "127.0.0.1:0", "upstream": f"{host}:{port}", "enabled": True}
        made = _call("POST", f"{self.url}/proxies", wanted)
        return Proxy(f"{self.url}/proxies/{made['name']}", int(made["listen"].rpartition(":")[2]))


def _call(method: str, address: str, body: object = None) -> Any:  # noqa: ANN401 - whatever JSON the API answers
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            content = answer.read()
    except urllib.error.HTTPError as exc:
        raise ValueError(f"toxiproxy refused {method} {address}: {exc.read().decode()}") from exc
    return json.loads(content) if content else None
