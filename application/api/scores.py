"""Requests for answers at once, in the shapes of the interface. Imports numpy: loaded with the first of them."""

from dataclasses import asdict

from application.api.shapes.predictions import Reason
from application.api.shapes.scores import RefusedWafer, ScoredWafer, ScoreRequest, Scores, ScoreTally
from application.scoring.production import Production
from application.scoring.requested import Asked
from application.scoring.scoring import Answers, Scoring
from wafer.contract.policy import Policy
from wafer.evaluation.rule import Rule


class RequestScoring:
    """Judges the wafers of requests by the version in production; `default` is the rule of those that name none."""

    def __init__(self, production: Production, policy: Policy, default: Rule) -> None:
        self._scoring = Scoring(production, policy)
        self._default: Rule = default

    def answer(self, request: ScoreRequest) -> Scores:
        """Judge the wafers of a request. Raises `NoProductionModel`, `ContractMismatch`, `WafersRefused`."""
        asked = [Asked(each.wafer, each.readings) for each in request.wafers]
        rule = request.threshold or self._default
        answers = self._scoring.answer(asked, reasons=request.reasons, budget=request.false_alarm_budget, rule=rule)
        return _shown(answers)

    def tally(self) -> ScoreTally:
        """What was answered so far. Raises `NoProductionModel`."""
        found = self._scoring.tally()
        return ScoreTally(
            model_version=found.version,
            since=found.since,
            wafers=found.drift.wafers,
            counts={verdict: found.verdicts.get(verdict, 0) for verdict in ("pass", "fail", "inspect")},
            moved=[each.sensor for each in found.drift.moved],
            warnings=found.drift.warnings(),
        )


def _shown(answers: Answers) -> Scores:
    scores = answers.scores
    percentiles = [round(each, 2) for each in scores.novelty.percentile.tolist()]
    columns = zip(
        scores.names,
        scores.verdicts,
        scores.probability.tolist(),
        scores.cluster.tolist(),
        percentiles,
        answers.reasons,
        scores.notes,
        answers.seen,
        strict=True,
    )
    return Scores(
        model_version=answers.version,
        threshold=scores.threshold,
        threshold_rule=answers.thresholds.rule,
        threshold_note=answers.thresholds.sentence,
        false_alarm_budget=answers.budget,
        wafers=[
            ScoredWafer(
                wafer=name,
                verdict=verdict,
                probability=probability,
                cluster=cluster,
                distance_percentile=percentile,
                top_sensors=[Reason(**asdict(reason)) for reason in reasons],
                note=note,
                in_training=seen,
            )
            for name, verdict, probability, cluster, percentile, reasons, note, seen in columns
        ],
        refused=[RefusedWafer(**each._asdict()) for each in answers.refused],
    )
