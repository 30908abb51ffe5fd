"""The model in production and the scores it gave last; news is taken up within seconds, while the old still answers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition
from typing import TYPE_CHECKING

import structlog
from cachetools import LRUCache, cachedmethod

from application.scoring.reference import LatestScores
from wafer.errors import NoProductionModel, WaferError
from wafer.registry import PRODUCTION, ModelVersion, ModelVersions, no_production

if TYPE_CHECKING:
    from wafer.model import ModelBundle
    from wafer.model.recent import Scored

BUNDLES_KEPT = 2
LOOK_SECONDS = 5.0  # between two questions to the registry and the store
OLD_SECONDS = 60.0  # after which a request waits for the look that it causes
WAIT_SECONDS = 1.0  # but no longer than this


class LoadedModels:
    """Bundles by version; the newest few stay in memory."""

    def __init__(self, versions: ModelVersions) -> None:
        self._versions = versions
        self._condition = Condition()  # one caller at a time loads a model; the others wait for it
        self._bundles: LRUCache[str, ModelBundle] = LRUCache(BUNDLES_KEPT)

    @cachedmethod(attrgetter("_bundles"), key=lambda _, version: version.digest, condition=attrgetter("_condition"))
    def of(self, version: ModelVersion) -> "ModelBundle":
        """The bundle of a version. Raises `BundleRejected`, `RegistryUnavailable`."""
        from wafer.model import load_bundle  # numpy and pyarrow: 0.5 s of a start

        with TemporaryDirectory(prefix="wafer-bundle-") as temporary:
            return load_bundle(self._versions.download(version.version, Path(temporary)), version.digest)


@dataclass(frozen=True, slots=True)
class InProduction:
    """A version that answers, and when the registry last told that it is the one."""

    version: int
    bundle: "ModelBundle"
    seen: float  # time.monotonic
    recent: "tuple[Scored, ...]"  # what the last predictions by it left, the latest first


class Production:
    """Knows the version in production and its latest scores; a dead registry or store keeps what was known.

    Who asks waits for the first look, and a moment for one after a long pause.
    """

    def __init__(
        self,
        versions: ModelVersions,
        models: LoadedModels,
        latest: LatestScores,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._versions = versions
        self._models = models
        self._latest = latest
        self._clock = clock
        self._first = threading.Lock()
        self.looked = threading.Lock()  # held while somebody asks the registry again
        self._found: InProduction | None = None

    @property
    def at_hand(self) -> bool:
        """Whether `model` answers without waiting for anybody."""
        found = self._found
        return found is not None and self._clock() - found.seen < OLD_SECONDS

    def model(self) -> InProduction:
        """The version in production. Raises `NoProductionModel`, `BundleRejected`, `RegistryUnavailable`."""
        with self._first:
            found = self._found = self._found or self._look()
        age = self._clock() - found.seen
        if age >= LOOK_SECONDS and self.looked.acquire(blocking=False):
            look = threading.Thread(target=self._look_again, name="look-for-production", daemon=True)
            look.start()
            if age >= OLD_SECONDS:
                look.join(WAIT_SECONDS)
                found = self._found
        if not found:
            raise no_production(self._versions.model)
        return found

    def _look(self) -> InProduction:
        for version in self._versions.versions():
            if PRODUCTION in version.aliases:
                bundle = self._models.of(version)
                return InProduction(version.version, bundle, self._clock(), self._latest.of(bundle.digest))
        raise no_production(self._versions.model)

    def _look_again(self) -> None:
        try:
            self._found = self._look()
        except NoProductionModel:
            self._found = None
        except WaferError as error:
            structlog.get_logger().warning("production_not_looked_up", code=error.code, message=error.message)
        finally:
            self.looked.release()
