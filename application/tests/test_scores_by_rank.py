"""Answers at once follow the rank among the scores that the last runs left, as a run of the same wafers does."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from application.scoring.production import LoadedModels, Production
from application.scoring.reference import LatestScores
from application.scoring.requested import Asked
from application.scoring.scoring import Answers, Scoring
from application.tests.real_models import RealModels, Trained
from pred_pipeline.recent_scores import RecentScores
from pred_pipeline.stage import Predicted, predict_wafers
from wafer.contract import load_contract
from wafer.errors import StoreUnavailable
from wafer.evaluation.rule import Rule
from wafer.store import Store, StoredObject, open_store
from wafer.wafers.arrays import EXPORT_FILE, read_wafers

HOUR = 3600.0


@dataclass
class Floor:
    """A line whose wafers are judged by runs and at once, by the same model."""

    trained: Trained
    folder: Path
    store: Store
    scoring: Scoring
    now: list[float]

    def wafers(self, seed: int, count: int) -> Path:
        """An export of wafers that nobody learned from."""
        table, random = pq.read_table(self.trained.export / EXPORT_FILE), np.random.default_rng(seed)
        table = table.take(pa.array(random.integers(0, len(table), count)))
        for place, field in enumerate(table.schema):
            if pa.types.is_floating(field.type):
                moved = table[field.name].to_numpy() + random.normal(0, 0.1, count)
                table = table.set_column(place, field, pa.array(moved, field.type))
        folder = self.folder / f"export-{seed}"
        folder.mkdir()
        pq.write_table(table, folder / EXPORT_FILE)
        return folder

    def run(self, name: str, export: Path) -> Predicted:
        """A prediction run, which leaves its scores."""
        recent, (_, bundle) = RecentScores(self.store, name), next(iter(self.trained.bundles.items()))
        done = predict_wafers(export, bundle, self.folder / name, model_version="1", run_id=name, before=recent.before)
        recent.keep(done.digest, done.scored)
        self.now[0] += HOUR
        return done

    def at_once(self, export: Path, rule: Rule = "recent") -> Answers:
        """The same wafers in a request."""
        wafers = read_wafers(export)
        asked = [
            Asked(name, dict(zip(wafers.sensors, values, strict=True)))
            for name, values in zip(wafers.names, wafers.readings.tolist(), strict=True)
        ]
        return self.scoring.answer(asked, rule=rule)


@pytest.fixture
def floor(trained_line: Trained, tmp_path: Path) -> Floor:
    store, now = open_store(str(tmp_path / "store")), [0.0]
    registry = RealModels(trained_line.bundles)
    production = Production(registry, LoadedModels(registry), LatestScores(store), clock=lambda: now[0])
    return Floor(trained_line, tmp_path, store, Scoring(production, load_contract("prediction").policy), now)


def verdicts(done: Predicted) -> list[tuple[str, float]]:
    rows = pq.read_table(done.parquet, columns=["verdict", "probability"]).to_pylist()
    return sorted((row["verdict"], row["probability"]) for row in rows)


@pytest.mark.parametrize("count", [1, 30, 260], ids=["one wafer", "few", "more than the reference"])
def test_wafers_get_the_verdicts_that_a_run_of_them_would_give(floor: Floor, count: int) -> None:
    for number in range(6):
        floor.run(f"run-{number}", floor.wafers(number, 40))
    export = floor.wafers(99, count)

    answers = floor.at_once(export)
    again = floor.at_once(export)
    run = floor.run("the same", export)

    assert answers.thresholds.rule == "recent"
    assert answers.thresholds == again.thresholds == run.thresholds
    found = zip(answers.scores.verdicts, answers.scores.probability.tolist(), strict=True)
    assert sorted(found) == verdicts(run)


def test_wafers_that_a_run_judged_before_count_once(floor: Floor) -> None:
    exports = [floor.wafers(number, 60) for number in range(5)]
    for number, export in enumerate(exports):
        floor.run(f"run-{number}", export)

    answers = floor.at_once(exports[-1])
    run = floor.run("again", exports[-1])

    assert answers.thresholds == run.thresholds


def test_without_enough_runs_the_threshold_is_the_fixed_one_and_says_so(floor: Floor) -> None:
    export = floor.wafers(1, 5)

    none = floor.at_once(export)
    floor.run("run-1", floor.wafers(2, 120))
    some, fixed = floor.at_once(export), floor.at_once(export, "fixed")

    assert (none.thresholds.rule, some.thresholds.rule, fixed.thresholds.rule) == ("fixed", "recent", "fixed")
    assert "50 are needed" in none.thresholds.sentence
    assert none.scores.threshold == fixed.scores.threshold == some.thresholds.fixed


def no_answer(_: Store, prefix: str) -> list[StoredObject]:
    raise StoreUnavailable(f"The store does not answer for {prefix}.")


def test_a_store_that_is_away_leaves_the_scores_that_were_known(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.run("run-1", floor.wafers(2, 120))
    export = floor.wafers(1, 5)
    before = floor.at_once(export)

    monkeypatch.setattr(type(floor.store), "keys", no_answer)
    floor.now[0] += HOUR

    assert floor.at_once(export).thresholds == before.thresholds
    assert before.thresholds.rule == "recent"
