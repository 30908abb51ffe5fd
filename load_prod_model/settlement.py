"""Decide about a newly registered version and move the alias, also when several trainings end at the same moment."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from load_prod_model.comparison import compare
from load_prod_model.contestant import Contestant
from load_prod_model.near_copies import near_copies
from load_prod_model.since import AT_ONCE, from_documents, wafers_since
from load_prod_model.stage import Decision, decide
from wafer.built_in import BUILT_IN
from wafer.documents import Documents
from wafer.evaluation.decision import Comparison, Mode, PromotionDecision
from wafer.evaluation.quality import Quality
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.model import ModelBundle, OutOfFold, Wafers, load_bundle
from wafer.model.assembly import OUT_OF_FOLD, rows_of
from wafer.progress import reported_rows
from wafer.registry import ModelVersion, Registry, persistently
from wafer.store import Store
from wafer.wafers.export import ExportFile


@dataclass(frozen=True, slots=True)
class Challenger:
    """A newly registered version, and what it is judged by."""

    run_id: str
    version: ModelVersion
    model: ModelBundle
    rows: OutOfFold
    quality: Quality
    export: Path  # the wafers it learned from
    mode: Mode = "auto"
    contract: str = BUILT_IN  # name of that of the run
    rule: Rule = DEFAULT  # how predictions make their verdicts


def settle(challenger: Challenger, registry: Registry, documents: Documents, store: Store) -> PromotionDecision:
    """Decide and move the alias; a decision that was overtaken by another run's promotion is made again."""
    earlier = challenger.version.decision
    if earlier and earlier.run_id == challenger.run_id and _carry_out(earlier, registry):
        return earlier

    def attempt() -> PromotionDecision | None:
        decided = _decide(challenger, registry, documents, store)
        registry.decide(decided)
        return decided if _carry_out(decided, registry) else None

    return persistently(attempt, f"decide about version {challenger.version.version}")


def _carry_out(decided: PromotionDecision, registry: Registry) -> bool:
    """Move the alias as it was decided; False when another promotion came in between."""
    number = decided.model_version
    if decided.promoted:
        return registry.take_over(number, after=decided.after_promotion, by=decided.run_id, why=decided.reason)
    registry.stage(number)
    return True


def _decide(challenger: Challenger, registry: Registry, documents: Documents, store: Store) -> PromotionDecision:
    last, champion = registry.champion()
    number = challenger.version.version
    if champion and champion.version == number:
        reason = f"The training made the bundle of version {number} again, which is in production."
        return _recorded(challenger, Judged(Decision(True, reason)), last)
    return _recorded(challenger, _judged(challenger, champion, registry, documents, store), last)


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and what it rests on."""

    decision: Decision
    comparison: Comparison | None = None
    near_copies: int = 0


def _judged(
    challenger: Challenger, champion: ModelVersion | None, registry: Registry, documents: Documents, store: Store
) -> Judged:
    """Both models on the same wafers; there is no comparison when they were trained under different contracts."""
    production = _load(registry, champion) if champion else None
    comparable = production and _contract(production.model) == _contract(challenger.model)
    parts = partial(_learned_from, challenger, production if comparable else None, documents)
    copies = near_copies(parts)
    found = None
    if champion and production and comparable:
        learned = np.union1d(challenger.rows.keys, production.rows.keys)
        since = wafers_since(store, challenger.contract, documents, learned, production.model.preprocessor.contract)
        ours = Contestant.of(challenger.model, challenger.rows)
        found = compare(ours, production, champion.version, parts(), copies, since, challenger.rule)
    number = champion.version if champion else None
    return Judged(decide(challenger.quality, number, found, challenger.mode), found, copies.extra)


def _contract(model: ModelBundle) -> set[str]:
    return set(model.preprocessor.contract)


def _load(registry: Registry, champion: ModelVersion) -> Contestant:
    with tempfile.TemporaryDirectory(prefix="champion-") as scratch:
        folder = Path(scratch)
        bundle = registry.download(champion.version, folder)
        model = load_bundle(bundle, expected_digest=champion.digest)
        return Contestant.of(
            model, rows_of(bundle, model, lambda: registry.fetch(champion.version, OUT_OF_FOLD, folder))
        )


def _learned_from(challenger: Challenger, champion: Contestant | None, documents: Documents) -> Iterator[Wafers]:
    """This run's wafers, and those only the champion learned from, a part of them after the other."""
    with ExportFile(challenger.export) as file:
        yield from reported_rows(file.parts(), file.wafers, "wafers compared")
    if champion is None:
        return
    elsewhere = ~np.isin(champion.rows.keys, challenger.rows.keys)
    ids, sensors = champion.rows.ids.filter(pa.array(elsewhere)), champion.model.preprocessor.contract
    chunks = (ids[start : start + AT_ONCE].to_pylist() for start in range(0, len(ids), AT_ONCE))
    parts = (from_documents(documents, "training", chunk, sensors) for chunk in chunks)
    yield from reported_rows(parts, len(ids), "wafers of the champion compared")


def _recorded(challenger: Challenger, judged: Judged, last_promotion: int) -> PromotionDecision:
    return PromotionDecision(
        run_id=challenger.run_id,
        model_version=challenger.version.version,
        digest=challenger.version.digest,
        promoted=judged.decision.promoted,
        reason=judged.decision.reason,
        floors=judged.decision.floors,
        comparison=judged.comparison,
        metrics=challenger.quality.reported(),
        forward_auc=forward.auc if (forward := challenger.model.about.forward) else None,
        wafers=challenger.quality.wafers,
        failures=challenger.quality.failures,
        after_promotion=last_promotion,
        mode=challenger.mode,
        waits=judged.decision.waits,
        near_copies=judged.near_copies,
    )
