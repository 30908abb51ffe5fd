"""A bundle in use: verdicts for wafers, each from that wafer's readings alone, and what pushed a wafer up."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from wafer.model.calibration import Calibration, probability_of
from wafer.model.clusters import Clustering
from wafer.model.families.protocol import FamilyModel
from wafer.model.novelty import Novelty, NoveltyModel
from wafer.model.out_of_fold import Known, OutcomeCounts, beginnings
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.statistics import SensorStatistics
from wafer.model.summaries import BundleSummary
from wafer.wafers.arrays import Bools, Features, Floats, Ints, Wafers, wafers_from_frame
from wafer.wafers.identity import content_keys

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["pass", "fail", "inspect"]


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """Scores the wafers of one cluster: a weighted mean of models of one family, calibrated."""

    family: str
    models: tuple[tuple[float, FamilyModel], ...]  # (share, model), shares add up to 1
    calibration: Calibration

    def log_odds(self, features: Features) -> Floats:
        """Return calibrated log-odds of failure, (rows,)."""
        score = sum((share * model.score(features) for share, model in self.models), np.zeros(len(features)))
        return self.calibration.log_odds(score)

    def contributions(self, features: Features) -> Floats:
        """Return each feature's Shapley value in calibrated log-odds, (rows, features)."""
        start = np.zeros(features.shape)
        mixed = sum((share * model.contributions(features) for share, model in self.models), start)
        return self.calibration.slope * mixed


@dataclass(frozen=True, slots=True)
class Scores:
    """The model's answer for each wafer, rows as asked."""

    names: tuple[str, ...]
    log_odds: Floats
    probability: Floats  # on a grid of one millionth, the one place where log-odds are rounded
    threshold: float
    cluster: Ints
    novelty: Novelty

    @property
    def notes(self) -> tuple[str, ...]:
        """Why each wafer is `inspect`, else empty."""
        return self.novelty.notes

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Return a verdict a wafer; one unlike the training wafers is never a silent pass."""
        flagged = self.probability >= self.threshold
        return tuple(
            "inspect" if unlike else "fail" if flag else "pass"
            for unlike, flag in zip(self.novelty.unlike, flagged, strict=True)
        )

    def frame(self) -> "pd.DataFrame":
        """Return one row a wafer, in the order asked."""
        import pandas as pd  # 0.5 s, only for MLflow's way in

        return pd.DataFrame(
            {
                "wafer": self.names,
                "verdict": self.verdicts,
                "probability": self.probability,
                "threshold": self.threshold,
                "cluster": self.cluster,
                "distance_percentile": self.novelty.percentile,
            }
        )


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """Everything one registered version needs to judge wafers."""

    digest: str
    preprocessor: Preprocessor
    clusters: Clustering
    novelty: NoveltyModel
    cluster_models: tuple[ClusterModel, ...]  # by cluster
    out_of_fold: OutcomeCounts  # of the training wafers, by models that did not see them
    known: Known  # the wafers it was trained on
    statistics: SensorStatistics
    about: BundleSummary

    @property
    def recipe(self) -> Recipe:
        """How the model was made."""
        return self.about.recipe

    @property
    def false_alarm_budget(self) -> float:
        """Share of good wafers that may be flagged unless a run says otherwise."""
        return self.recipe.false_alarm_budget

    @property
    def _sensors(self) -> tuple[str, ...]:
        """Every sensor that an answer rests on."""
        return tuple(dict.fromkeys((*self.preprocessor.sensors, *self.novelty.spans.sensors)))

    def score(self, wafers: "Wafers | pd.DataFrame", false_alarm_budget: float | None = None) -> Scores:
        """Judge wafers. Raises ContractMismatch when a sensor the model rests on was not measured."""
        if not isinstance(wafers, Wafers):
            wafers = wafers_from_frame(wafers, sensors=self._sensors)
        budget = self.false_alarm_budget if false_alarm_budget is None else false_alarm_budget
        cluster, novelty = self.clusters.assign(wafers), self.novelty.novelty(wafers, self.clusters)
        log_odds = self._log_odds(self.preprocessor.transform(wafers), cluster)
        return Scores(
            names=wafers.names,
            log_odds=log_odds,
            probability=probability_of(log_odds),
            threshold=self.out_of_fold.threshold(budget),
            cluster=cluster,
            novelty=novelty,
        )

    def _log_odds(self, features: Features, cluster: Ints) -> Floats:
        log_odds = np.empty(len(features))
        for number, model in enumerate(self.cluster_models):
            mine = cluster == number
            log_odds[mine] = model.log_odds(features[mine])
        return log_odds

    def keys(self, wafers: Wafers) -> Known:
        """What tells the wafers' readings from others, (wafers,)."""
        contract = self.preprocessor.contract
        return beginnings(content_keys(replace(wafers, sensors=contract, readings=wafers.columns(contract))))

    def learned_from(self, keys: Known) -> Bools:
        """Tell which wafers of these `keys` read exactly like a training wafer, (wafers,): it knows their outcome."""
        places = np.minimum(np.searchsorted(self.known, keys), len(self.known) - 1)
        return np.asarray(self.known[places] == keys)

    def explain(self, wafers: Wafers) -> Floats:
        """Return how far each kept sensor pushed each wafer, (wafers, kept sensors), in log-odds of failure.

        Exact Shapley values of the trees; with a constant of the cluster they add up to the wafer's log-odds. What a
        silence indicator says is counted with its sensor.
        """
        features = self.preprocessor.transform(wafers)
        cluster = self.clusters.assign(wafers)
        values = np.zeros(features.shape)
        for number, model in enumerate(self.cluster_models):
            mine = cluster == number
            values[mine] = model.contributions(features[mine])
        return self._by_sensor(values)

    def _by_sensor(self, values: Floats) -> Floats:
        kept = len(self.preprocessor.sensors)
        total = values[:, :kept].copy()
        for column, sensor in enumerate(self.preprocessor.indicators, start=kept):
            total[:, self.preprocessor.sensors.index(sensor)] += values[:, column]
        return total
