"""The model's versions, and how good each is, read from its bundle once."""

from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition
from typing import TYPE_CHECKING

from cachetools import LRUCache, cachedmethod

from application.api.shapes.models import Change, Model, ModelCurves, Models, Undecided
from wafer.errors import RegistryUnavailable
from wafer.registry import PRODUCTION, ByHand, ModelVersion, ModelVersions, Promotion, no_production

if TYPE_CHECKING:
    from application.api.bundles import BundleView


class ModelBook:
    """Shows versions; the newest few bundles stay in memory."""

    def __init__(self, registry: ModelVersions) -> None:
        self._registry = registry
        self._condition = Condition()  # one caller at a time reads a version; the others wait for it
        self._bundles: LRUCache[str, BundleView] = LRUCache(4)
        self._curves: LRUCache[str, ModelCurves] = LRUCache(16)

    def all(self) -> Models:
        """Every version, newest first."""
        found = [_model(each) for each in reversed(self._registry.versions())]
        production = next((each.version for each in found if each.production), None)
        changes = [_change(each) for each in reversed(self._registry.promotions())]
        waiting = self._registry.candidate()
        return Models(
            models=found,
            production=production,
            candidate=waiting.version if waiting else None,
            history=self._registry.history(),
            changes=changes,
        )

    def require_production(self) -> None:
        """Raise `NoProductionModel` when there is none; a registry that does not answer is for the run to find."""
        try:
            versions = self._registry.versions()
        except RegistryUnavailable:
            return
        if not any(PRODUCTION in each.aliases for each in versions):
            raise no_production(self._registry.model)

    def one(self, number: int) -> Model:
        """One version. Raises `ModelNotFound`."""
        return _model(self._registry.version(number))

    def promote(self, number: int, asked: ByHand) -> Model:
        """Put a version into production. Raises `ModelNotFound`, `ProductionChanged`."""
        return _model(self._registry.promote(number, asked))

    def decline(self, number: int, asked: ByHand) -> Model:
        """Say no to the version that waits for a person. Raises `ModelNotFound`, `NotWaiting`."""
        return _model(self._registry.decline(number, asked))

    def rollback(self, asked: ByHand) -> Model:
        """Put the version back that was in production before. Raises `ModelNotFound`, `ProductionChanged`."""
        return _model(self._registry.rollback(asked))

    def curves(self, number: int) -> ModelCurves:
        """How good a version is. Raises `ModelNotFound`, `BundleRejected`."""
        version = self._registry.version(number)
        return self._drawn(version).model_copy(update={"version": number})

    def bundle(self, number: int) -> "BundleView":
        """What a version was trained on and promised. Raises `ModelNotFound`, `BundleRejected`."""
        return self._read(self._registry.version(number))

    def budget(self, number: int) -> float:
        """The false-alarm budget that a version was trained for. Raises `ModelNotFound`."""
        return self.bundle(number).about.recipe.false_alarm_budget

    def production(self) -> int:
        """The version in production. Raises `NoProductionModel`."""
        found = (each.version for each in self._registry.versions() if PRODUCTION in each.aliases)
        number = next(found, None)
        if number is None:
            raise no_production(self._registry.model)
        return number

    @cachedmethod(attrgetter("_curves"), key=lambda _, version: version.digest, condition=attrgetter("_condition"))
    def _drawn(self, version: ModelVersion) -> ModelCurves:
        return self._read(version).curves(version.version)

    @cachedmethod(attrgetter("_bundles"), key=lambda _, version: version.digest, condition=attrgetter("_condition"))
    def _read(self, version: ModelVersion) -> "BundleView":
        from application.api.bundles import read_bundle  # pyarrow: 0.2 s of a start

        with TemporaryDirectory(prefix="wafer-bundle-") as temporary:
            return read_bundle(self._registry.download(version.version, Path(temporary)), version.digest)


def _model(version: ModelVersion) -> Model:
    return Model(
        version=version.version,
        production=PRODUCTION in version.aliases,
        aliases=list(version.aliases),
        created=version.created,
        run_id=version.run_id,
        digest=version.digest,
        decision=version.decision or Undecided(),
        declined=version.declined,
    )


def _change(entry: Promotion) -> Change:
    run_id = "" if entry.who or entry.undoes else entry.by
    return Change.of_record(entry, rollback=entry.undoes, run_id=run_id)
