"""The model's versions, and how good each is, read from its bundle once."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from application.service.shapes import Bin, Budget, Budgets, Cluster, Model, ModelCurves, Models, Point, SensorRange
from application.service.views import Kept
from wafer.errors import ModelNotFound, ObjectNotFound
from wafer.registry import PRODUCTION, ModelVersion

if TYPE_CHECKING:
    from wafer.bundle import OutOfFold
    from wafer.bundle.statistics import SensorStatistics

CURVE_POINTS = 200
BINS = 8
BUDGETS = tuple(round(0.01 * step, 2) for step in range(1, 51))


class Versions(Protocol):
    """What is asked of `wafer.registry.Registry`."""

    def versions(self) -> list[ModelVersion]:
        """Every version, oldest first."""

    def version(self, number: int) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""

    def promote(self, number: int) -> ModelVersion:
        """Put a version into production."""

    def rollback(self) -> ModelVersion:
        """Put the version back that was in production before."""

    def history(self) -> list[int]:
        """Versions in the order in which they came into production."""

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle."""


class LazyRegistry:
    """The registry at a URI; mlflow is imported, and its database made, by whoever first needs them."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        self._opened: Versions | None = None

    def versions(self) -> list[ModelVersion]:
        """Every version, oldest first."""
        return self._registry().versions() if self._exists() else []

    def version(self, number: int) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""
        if not self._exists():
            raise ModelNotFound(f"There is no version {number}: no model was ever trained here.")
        return self._registry().version(number)

    def promote(self, number: int) -> ModelVersion:
        """Put a version into production."""
        self.version(number)
        return self._registry().promote(number)

    def rollback(self) -> ModelVersion:
        """Put the version back that was in production before."""
        if not self._exists():
            raise ModelNotFound("No earlier production version is known, so there is nothing to roll back to.")
        return self._registry().rollback()

    def history(self) -> list[int]:
        """Versions in the order in which they came into production."""
        return self._registry().history() if self._exists() else []

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle."""
        return self._registry().download(number, folder)

    def _exists(self) -> bool:
        """Whether a training ever made the embedded database: making it takes seconds, and an empty answer none."""
        path = self._uri.removeprefix("sqlite:///")
        return path == self._uri or Path(path).exists()

    def _registry(self) -> Versions:
        with self._lock:
            if self._opened is None:
                from wafer.registry import Registry

                self._opened = Registry(self._uri)
            return self._opened


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the interface shows of a bundle."""

    out_of_fold: "OutOfFold"
    statistics: "SensorStatistics"
    about: dict[str, Any]


class ModelShelf:
    """Shows versions; the newest few bundles stay in memory."""

    def __init__(self, registry: Versions) -> None:
        self._registry = registry
        self._bundles: Kept[Bundle] = Kept(4)

    def all(self) -> Models:
        """Every version, newest first."""
        found = [_model(each) for each in reversed(self._registry.versions())]
        production = next((each.version for each in found if each.production), None)
        return Models(models=found, production=production, history=self._registry.history())

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
        bundle = self._bundle(number)
        rows = bundle.out_of_fold
        return ModelCurves(
            version=number,
            wafers=len(rows.failed),
            failures=int(rows.failed.sum()),
            curve=_curve(rows),
            calibration=_calibration(rows),
            clusters=[_cluster(said) for said in bundle.about["clusters"]],
        )

    def sensor(self, number: int, name: str) -> SensorRange:
        """How a sensor read on the passing wafers of a version's training. Raises `ObjectNotFound`."""
        statistics = self._bundle(number).statistics
        if name not in statistics.sensors:
            raise ObjectNotFound(f"Version {number} knows no sensor {name[:80]!r}.")
        said = statistics.to_json()
        return SensorRange(
            sensor=name, levels=said["levels"], quantiles=said["quantiles"][name], missing=said["missing"][name]
        )

    def budgets(self, number: int, run_id: str, probabilities: Sequence[float]) -> Budgets:
        """What each false-alarm budget would mean for a run's wafers."""
        bundle = self._bundle(number)
        rows = bundle.out_of_fold
        return Budgets(
            run_id=run_id,
            model_version=str(number),
            current=float(bundle.about["recipe"]["false_alarm_budget"]),
            budgets=[_budget(rows, budget, probabilities) for budget in BUDGETS],
        )

    def _bundle(self, number: int) -> Bundle:
        version = self._registry.version(number)
        return self._bundles.get(version.digest, lambda: self._read(version))

    def _read(self, version: ModelVersion) -> Bundle:
        from wafer.bundle.assembly import OUT_OF_FOLD, STATISTICS, verify_bundle
        from wafer.bundle.files import read_json
        from wafer.bundle.out_of_fold import load_out_of_fold
        from wafer.bundle.statistics import SensorStatistics

        with TemporaryDirectory(prefix="wafer-bundle-") as temporary:
            folder = self._registry.download(version.version, Path(temporary))
            about = verify_bundle(folder, version.digest)
            rows = load_out_of_fold(folder / OUT_OF_FOLD)
            statistics = SensorStatistics.from_json(read_json(folder / STATISTICS))
        return Bundle(rows, statistics, about)


def _model(version: ModelVersion) -> Model:
    return Model(
        version=version.version,
        production=PRODUCTION in version.aliases,
        aliases=list(version.aliases),
        created=version.created,
        run_id=version.run_id,
        digest=version.digest,
        decision=version.decision,
    )


def _curve(rows: "OutOfFold") -> list[Point]:
    import numpy as np

    from wafer.bundle.metrics import roc_points

    alarms, recall, thresholds = roc_points(rows.failed, rows.probability)
    keep = np.unique(np.linspace(0, len(alarms) - 1, CURVE_POINTS).round().astype(int))
    hits, misses = recall * rows.failed.sum(), alarms * (~rows.failed).sum()
    return [
        Point(
            threshold=float(thresholds[at]) if np.isfinite(thresholds[at]) else None,
            false_alarm_rate=float(alarms[at]),
            recall=float(recall[at]),
            precision=float(hits[at] / (hits[at] + misses[at])) if hits[at] + misses[at] else None,
        )
        for at in keep
    ]


def _calibration(rows: "OutOfFold") -> list[Bin]:
    import numpy as np

    groups = np.array_split(np.argsort(rows.probability, kind="stable"), BINS)
    return [
        Bin(
            predicted=float(rows.probability[group].mean()),
            observed=float(rows.failed[group].mean()),
            wafers=len(group),
        )
        for group in groups
        if len(group)
    ]


def _cluster(said: dict[str, Any]) -> Cluster:
    return Cluster(
        cluster=said["cluster"],
        wafers=said["wafers"],
        failures=said["failures"],
        family=said["family"],
        auc={family: figures["auc"] for family, figures in said["quality"].items()},
    )


def _budget(rows: "OutOfFold", budget: float, probabilities: Sequence[float]) -> Budget:
    threshold = rows.threshold(budget)
    flagged = rows.probability >= threshold
    alarm_rate = float(flagged[~rows.failed].mean())
    passing = len(probabilities) * (1 - float(rows.failed.mean()))
    return Budget(
        budget=budget,
        threshold=threshold,
        recall=float(flagged[rows.failed].mean()),
        flagged=sum(each >= threshold for each in probabilities),
        expected_false_alarms=round(alarm_rate * passing, 1),
    )
