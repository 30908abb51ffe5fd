"""The model registry as a person asks it: one that does not answer is told in seconds, before MLflow is imported."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager, Timeout
from urllib3.exceptions import HTTPError, ProtocolError

from wafer.errors import RegistryUnavailable
from wafer.patience import PERSON, waiting_for
from wafer.registry import Registry, open_registry


def open_answering(uri: str, contract: str) -> Registry:
    """Open the model of a contract. Raises `RegistryUnavailable` where the server gives no answer of any kind."""
    require_answer(uri)
    return open_registry(uri, contract)


def require_answer(uri: str) -> None:
    """Raise `RegistryUnavailable` now, and not after MLflow's own tries; any answer will do, a refusal too."""
    if not uri.startswith("http"):
        return
    parts = urlsplit(uri)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    timeout = Timeout(connect=PERSON.connect, read=PERSON.read)
    try:
        with waiting_for(f"the model registry at {address}"), _pool(parts.scheme, parts.hostname or "") as pool:
            pool.request("GET", f"{address}/health", timeout=timeout, retries=False)
    except HTTPError as error:
        fault = "breaks its answers off" if isinstance(error, ProtocolError) else "does not answer"
        raise RegistryUnavailable(
            f"The model registry at {address} {fault}: {type(error).__name__}. Check that it runs and that "
            "MLFLOW_TRACKING_URI names it."
        ) from error


def _pool(scheme: str, host: str) -> PoolManager:
    """Connections as MLflow makes them: through the proxy of the environment where there is one."""
    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    return ProxyManager(proxy, cert_reqs="CERT_NONE") if proxy else PoolManager(cert_reqs="CERT_NONE")
