"""The model's versions, and how good each is, read from its bundle once."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition
from typing import TYPE_CHECKING

from cachetools import LRUCache, cachedmethod

from application.api.curves import BUDGETS, budget_of, calibration_of, cluster_of, curve_points, figures_of
from application.api.shapes.models import Model, ModelCurves, Models, SensorRange, Undecided
from application.api.shapes.predictions import Budgets
from wafer.errors import NoProductionModel, ObjectNotFound, RegistryUnavailable
from wafer.registry import PRODUCTION, ModelVersion, ModelVersions

if TYPE_CHECKING:
    from wafer.model import OutOfFold
    from wafer.model.statistics import SensorStatistics
    from wafer.model.summaries import BundleSummary


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the interface shows of a bundle."""

    out_of_fold: "OutOfFold"
    statistics: "SensorStatistics"
    about: "BundleSummary"


class ModelShelf:
    """Shows versions; the newest few bundles stay in memory."""

    def __init__(self, registry: ModelVersions) -> None:
        self._registry = registry
        self._condition = Condition()  # one caller at a time reads a version; the others wait for it
        self._bundles: LRUCache[str, Bundle] = LRUCache(4)
        self._curves: LRUCache[str, ModelCurves] = LRUCache(16)

    def all(self) -> Models:
        """Every version, newest first."""
        found = [_model(each) for each in reversed(self._registry.versions())]
        production = next((each.version for each in found if each.production), None)
        return Models(models=found, production=production, history=self._registry.history())

    def require_production(self) -> None:
        """Raise `NoProductionModel` when there is none; a registry that does not answer is for the run to find."""
        try:
            versions = self._registry.versions()
        except RegistryUnavailable:
            return
        if not any(PRODUCTION in each.aliases for each in versions):
            raise NoProductionModel

    def one(self, number: int) -> Model:
        """One version. Raises `ModelNotFound`."""
        return _model(self._registry.version(number))

    def promote(self, number: int) -> Model:
        """Put a version into production. Raises `ModelNotFound`."""
        return _model(self._registry.promote(number))

    def rollback(self) -> Model:
        """Put the version back that was in production before. Raises `ModelNotFound`."""
        return _model(self._registry.rollback())

    def curves(self, number: int) -> ModelCurves:
        """How good a version is. Raises `ModelNotFound`, `BundleRejected`."""
        version = self._registry.version(number)
        return self._drawn(version).model_copy(update={"version": number})

    def sensor(self, number: int, name: str) -> SensorRange:
        """How a sensor read on the passing wafers of a version's training set. Raises `ObjectNotFound`."""
        from wafer.model.statistics import LEVELS

        statistics = self._bundle(number).statistics
        if name not in statistics.sensors:
            raise ObjectNotFound(f"Version {number} has no sensor {name[:80]!r}.")
        at = statistics.sensors.index(name)
        quantiles = [float(value) for value in statistics.quantiles[at]]
        return SensorRange(
            sensor=name,
            levels=list(LEVELS),
            quantiles=[value if isfinite(value) else None for value in quantiles],
            missing=float(statistics.missing[at]),
        )

    def budgets(self, number: int, run_id: str, probabilities: Sequence[float], used: float = 0.0) -> Budgets:
        """What each false-alarm budget would mean for a run's wafers; `used` is the run's own, 0 the model's."""
        bundle = self._bundle(number)
        rows = bundle.out_of_fold
        return Budgets(
            run_id=run_id,
            model_version=number,
            current=used or bundle.about.recipe.false_alarm_budget,
            budgets=[budget_of(rows, budget, probabilities) for budget in BUDGETS],
        )

    def _bundle(self, number: int) -> Bundle:
        return self._read(self._registry.version(number))

    @cachedmethod(attrgetter("_curves"), key=lambda _, version: version.digest, condition=attrgetter("_condition"))
    def _drawn(self, version: ModelVersion) -> ModelCurves:
        return _curves_of(version.version, self._read(version))

    @cachedmethod(attrgetter("_bundles"), key=lambda _, version: version.digest, condition=attrgetter("_condition"))
    def _read(self, version: ModelVersion) -> Bundle:
        from wafer.model.assembly import OUT_OF_FOLD, STATISTICS, verify_bundle
        from wafer.model.codec import from_json
        from wafer.model.files import read_json
        from wafer.model.out_of_fold import load_out_of_fold
        from wafer.model.statistics import StatisticsFile
        from wafer.model.summaries import BundleSummary

        with TemporaryDirectory(prefix="wafer-bundle-") as temporary:
            folder = self._registry.download(version.version, Path(temporary))
            about = from_json(BundleSummary, verify_bundle(folder, version.digest).about)
            rows = load_out_of_fold(folder / OUT_OF_FOLD)
            statistics = read_json(folder / STATISTICS, StatisticsFile).statistics
        return Bundle(rows, statistics, about)


def _curves_of(number: int, bundle: Bundle) -> ModelCurves:
    rows = bundle.out_of_fold
    budget = bundle.about.recipe.false_alarm_budget
    threshold = rows.threshold(budget)
    return ModelCurves(
        version=number,
        wafers=len(rows.failed),
        failures=int(rows.failed.sum()),
        false_alarm_budget=budget,
        threshold=threshold,
        figures=figures_of(rows, threshold),
        curve=curve_points(rows),
        calibration=calibration_of(rows),
        clusters=[cluster_of(summary) for summary in bundle.about.clusters],
        families={family.name: family.label for family in bundle.about.recipe.families},
    )


def _model(version: ModelVersion) -> Model:
    return Model(
        version=version.version,
        production=PRODUCTION in version.aliases,
        aliases=list(version.aliases),
        created=version.created,
        run_id=version.run_id,
        digest=version.digest,
        decision=version.decision or Undecided(),
    )
