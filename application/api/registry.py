"""The model registry as the service needs it: nothing of mlflow is imported before somebody asks."""

import threading
from pathlib import Path

from application.registry import open_answering
from wafer.built_in import BUILT_IN
from wafer.errors import ModelNotFound
from wafer.paths import sqlite_path
from wafer.registry import UNSIGNED, ByHand, ModelVersion, ModelVersions, Promotion, model_of


class LazyRegistry:
    """A contract's model in the registry at a URI; mlflow is imported, and its database made, when first needed."""

    def __init__(self, uri: str, contract: str = BUILT_IN) -> None:
        self._uri = uri
        self._contract = contract
        self.model = model_of(contract)
        self._lock = threading.Lock()
        self._opened: ModelVersions | None = None

    def versions(self) -> list[ModelVersion]:
        """Every version, oldest first."""
        return self._registry().versions() if self._exists() else []

    def version(self, number: int) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""
        if not self._exists():
            raise ModelNotFound(f"There is no version {number}: no model was ever trained here.")
        return self._registry().version(number)

    def promote(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Put a version into production."""
        self.version(number)
        return self._registry().promote(number, asked)

    def rollback(self, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Put the version back that was in production before."""
        if not self._exists():
            raise ModelNotFound("No earlier production version is known, so there is nothing to roll back to.")
        return self._registry().rollback(asked)

    def decline(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Say no to a version that waits for a person."""
        self.version(number)
        return self._registry().decline(number, asked)

    def history(self) -> list[int]:
        """Versions in the order in which they came into production."""
        return self._registry().history() if self._exists() else []

    def promotions(self) -> list[Promotion]:
        """Every promotion and rollback, oldest first."""
        return self._registry().promotions() if self._exists() else []

    def candidate(self) -> ModelVersion | None:
        """The newest version that waits for a person."""
        return self._registry().candidate() if self._exists() else None

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle."""
        return self._registry().download(number, folder)

    def _exists(self) -> bool:
        """Whether a training ever made the embedded database: making it takes seconds, and an empty answer none."""
        path = sqlite_path(self._uri)
        return path is None or path.exists()

    def _registry(self) -> ModelVersions:
        with self._lock:
            if self._opened is None:
                self._opened = open_answering(self._uri, self._contract)
            return self._opened
