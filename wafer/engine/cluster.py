"""Units on the workers of a cluster: Dask's futures, and nothing else of it.

The only module that imports `distributed`. Connections are encrypted and both sides show a certificate. A worker does
only units whose code is its own: it offers a resource for each package, named by a digest of that (`content`). It sees
no folder of the task: what units read and leave goes through a place in the store (`place`).
"""

from collections.abc import Callable, Container, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Concatenate, Self, TypeVar

import dask
import structlog
from distributed import Client, Future, KilledWorker, get_worker
from distributed.cli import dask_scheduler, dask_worker
from distributed.security import Security

from wafer.engine.ahead import ahead
from wafer.engine.content import content
from wafer.engine.given import Given
from wafer.engine.place import Order, Place, answers, do, order
from wafer.engine.protocol import TOLD_SECONDS, Unit, killers, module_of
from wafer.errors import EngineUnavailable, StoreUnavailable
from wafer.progress import advance, advancing, seldom

U = TypeVar("U", bound=Unit)
R = TypeVar("R")
CONNECT_SECONDS = 30
FETCHES = 8  # units whose files are brought here at once
CONFIGURATION = {
    "distributed.comm.require-encryption": True,
    # The profiler looks at the frames of all threads, and hangs when one starts at that moment (seen on Python 3.11.7):
    # https://github.com/python/cpython/issues/106883
    "distributed.worker.profile.enabled": False,
}
# Without a dashboard there is still an HTTP server that tells about tasks and logs; nobody but this machine reaches it.
_NO_DASHBOARD = ("--no-dashboard", "--dashboard-address=127.0.0.1:0")
_CHECK = "Check that scheduler and workers run and that the certificates are valid, then retry the run."


class Cluster:
    """`Engine` of the scheduler at an address, for the task whose place in the store is given."""

    shares_files = False

    def __init__(self, address: str, certificates: Path, place: Place) -> None:
        self._address = address
        self._place = place
        secured = Security(require_encryption=True, **_paths(certificates))
        try:
            self._client = Client(address, security=secured, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"The scheduler at {address} cannot be used: {error}. {_CHECK}") from error

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """The files in the store."""
        return self._place.give(paths)

    def run(self, work: Callable[Concatenate[U, ...], R], units: Sequence[U], *folders: Path) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units; units done before are not done again."""
        if not folders:
            yield from self._submitted(work, units, work)
            return
        kept = self._place.done()
        orders = [order(work, unit) for unit in units]
        missing = [each for each in orders if each.key not in kept]
        structlog.get_logger().info("units", of=len(orders), kept=len(orders) - len(missing))
        doing = self._submitted(partial(_do, work=work, place=self._place, folders=len(folders)), missing, work)
        with self._told(), closing(doing), ThreadPoolExecutor(FETCHES) as pool:
            left = ahead(pool, partial(self._place.take, folders=folders), _keys(orders, kept, doing), FETCHES)
            yield from map(answers(work).validate_json, left)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._client.close()
        if kind is None:
            with suppress(StoreUnavailable):  # the work is done; what stays there costs only room
                self._place.remove()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Let the steps that units of the task tell advance this process."""
        self._client.subscribe_topic(self._place.folder, lambda event: advance(event[1]))
        try:
            yield
        finally:
            self._client.unsubscribe_topic(self._place.folder)

    def _submitted(
        self, work: Callable[[U], R], units: Sequence[U], code: Callable[..., object]
    ) -> Generator[R, None, None]:
        """Every answer of the work, by workers that have this code."""
        if not units:
            return
        submit = partial(self._client.submit, work, pure=False, resources={self._resource(code): 1})
        waiting = list(map(submit, units))
        try:
            yield from self._answers(submit, units, waiting)
        finally:
            self._client.cancel(waiting)

    def _answers(
        self, submit: Callable[[U], "Future[R]"], units: Sequence[U], waiting: Sequence["Future[R]"]
    ) -> Iterator[R]:
        """Every answer; units that waited on a worker that died are tried again alone, to tell which one it died of."""
        held: dict[int, R] = {}  # what comes after the first unit without an answer
        suspects = []
        for place, future in enumerate(waiting):
            try:
                answer = self._result(future)
            except KilledWorker:
                suspects.append(place)
                continue
            if suspects:
                held[place] = answer
            else:
                yield answer
        held |= zip(suspects, self._alone(submit, [units[place] for place in suspects]), strict=True)
        yield from (held[place] for place in sorted(held))

    def _alone(self, submit: Callable[[U], "Future[R]"], suspects: Sequence[U]) -> list[R]:
        answers, killed = [], []
        for unit in suspects:
            try:
                answers.append(self._result(submit(unit)))
            except KilledWorker:
                killed.append(unit.name)
        if killed:
            raise killers(killed)
        return answers

    def _result(self, future: "Future[R]") -> R:
        try:
            answer: R = future.result()
        except (CancelledError, OSError) as error:
            raise EngineUnavailable(f"The scheduler at {self._address} went away. {_CHECK}") from error
        return answer

    def _resource(self, work: Callable[..., object]) -> str:
        """What a worker must offer to do this work."""
        name = content(module_of(work).partition(".")[0])
        with suppress(TimeoutError):  # all may be starting again after they died
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if not any(name in worker["resources"] for worker in workers):
            raise EngineUnavailable(
                f"None of the {len(workers)} workers at {self._address} has the code of this task. Deploy workers of "
                "the same release, then retry the run."
            )
        return name


def _do(ordered: Order[U], work: Callable[..., object], place: Place, folders: int) -> None:
    """Do a unit on a worker, and tell the task what steps it does."""
    with advancing(seldom(partial(get_worker().log_event, place.folder), TOLD_SECONDS)):
        do(ordered, work, place, folders)


def _keys(orders: Iterable[Order[U]], kept: Container[str], doing: Iterator[None]) -> Iterator[str]:
    """The key of every order, as soon as it is done."""
    for each in orders:
        if each.key not in kept:
            next(doing)
        yield each.key


def serve(part: str, certificates: Path, *options: str) -> str:
    """Be a scheduler or a worker until told to end."""
    files = [
        f"--tls-{name}={path}" for name, path in zip(("ca-file", "cert", "key"), _files(certificates), strict=True)
    ]
    command = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}[part]
    with dask.config.set(CONFIGURATION):
        command([*options, *files, *_NO_DASHBOARD], standalone_mode=False)
    return f"The {part} ended."


def _paths(certificates: Path) -> dict[str, str]:
    ca, cert, key = _files(certificates)
    sides = ("client", "scheduler", "worker")
    own = {f"tls_{side}_{part}": path for side in sides for part, path in (("cert", cert), ("key", key))}
    return {"tls_ca_file": ca, **own}


def _files(certificates: Path) -> tuple[str, str, str]:
    return str(certificates / "ca.crt"), str(certificates / "tls.crt"), str(certificates / "tls.key")
