"""A story: a model makes a promise, outcomes judge it, a candidate waits in its shadow, a person promotes it, it fails.

The commands, the packages and everything that is kept are real; the tasks run in this process, and trees are few.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from application.backends.base import Backends
from application.cli.app import app
from application.runs import opening
from application.tests.webhook_server import Receiver, receiving
from tests.faults.line import QUICK, SCHEMA, SENSORS, write_drop
from tests.in_process import InProcessBackend
from wafer.model import recipe
from wafer.store import layout, open_store, read_marker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TO_PREDICT = json.loads(SCHEMA) | {"NumberofColumns": len(SENSORS) + 1}
TO_PREDICT["ColName"] = {name: kind for name, kind in TO_PREDICT["ColName"].items() if name != "Output"}


@dataclass
class Line:
    """A home, the commands of `wafer` over it, and whoever is told by webhook."""

    folder: Path
    receiver: Receiver

    def told(self) -> list[str]:
        """Events that came by webhook; of drift small batches may warn or not."""
        return [each["event"] for each in self._events()]

    def text(self, place: int) -> str:
        """What one of them says."""
        return str(self._events()[place]["text"])

    def _events(self) -> list[dict[str, Any]]:
        return [each for each in self.receiver.taken if each["event"] != "batch.drifted"]

    def wafer(self, *words: str) -> Any:  # noqa: ANN401 - the object of `--json`
        done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout.splitlines()[-1])

    def promote(self, version: int, why: str) -> None:
        done = CliRunner().invoke(app, ["models", "promote", str(version), "--why", why], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    def batch(self, day: int, rows: int, month: int = 2) -> Path:
        """One labelled file of that day, not sent to anybody yet."""
        drop = write_drop(self.folder / f"drop-{day}", files=1, rows=rows, seed=day, noise=0.5)
        (file,) = drop.iterdir()
        file.rename(drop / f"wafer_{day:02d}{month:02d}2021_120000.csv")
        return drop

    def predict(self, drop: Path) -> Any:  # noqa: ANN401 - as above
        """Predict a batch, whose outcomes nobody knows yet."""
        folder = drop.with_name(f"{drop.name}-unlabelled")
        folder.mkdir()
        for file in drop.iterdir():
            rows = [line.rpartition(",")[0] for line in file.read_text().splitlines()]
            (folder / file.name).write_text("\n".join(rows) + "\n")
        return self.wafer("predict", str(folder), f"--schema={self.folder / 'predicted.json'}")

    def outcomes(self, drop: Path) -> Any:  # noqa: ANN401 - as above
        return counts(self.wafer("outcomes", str(drop), f"--schema={self.folder / 'schema.json'}"), "match")

    def train(self, *words: str) -> Any:  # noqa: ANN401 - as above
        return self.wafer("train", *words, "--max-clusters=1", f"--schema={self.folder / 'schema.json'}")


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    home = tmp_path / "home"
    store = open_store(str(home / "store"))
    for name in ("WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI", "KFP_ENDPOINT", "WAFER_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(recipe, "FAMILIES", QUICK.families)
    monkeypatch.setattr(opening, "backends_of", lambda *_: Backends(InProcessBackend(home, store)))
    (tmp_path / "schema.json").write_text(SCHEMA)
    (tmp_path / "predicted.json").write_text(json.dumps(TO_PREDICT))
    with receiving() as receiver:
        monkeypatch.setenv("WAFER_HOME", str(home))
        monkeypatch.setenv("WAFER_WEBHOOKS", receiver.url)
        monkeypatch.setenv("WAFER_WEBHOOK_SECRET", "shared")
        yield Line(tmp_path, receiver)


def counts(run: Any, stage: str) -> dict[str, int]:  # noqa: ANN401 - the object of `--json`
    found: dict[str, int] = next(each["counts"] for each in run["stages"] if each["name"] == stage)
    return found


def flipped(drop: Path) -> Path:
    """The batch with every outcome the other way round."""
    folder = drop.with_name(f"{drop.name}-flipped")
    folder.mkdir()
    for file in drop.iterdir():
        header, *rows = file.read_text().splitlines()
        cells = [row.rpartition(",") for row in rows if "Wafer-bad" not in row]
        turned = [f"{reading},{-int(label)}" for reading, _, label in cells]
        (folder / file.name).write_text("\n".join([header, *turned]) + "\n")
    return folder


def test_a_promise_is_made_judged_answered_by_a_candidate_and_broken(line: Line) -> None:
    known = write_drop(line.folder / "known", files=8, rows=40, noise=0.5)
    first = line.train(str(known))
    ninth, tenth = (line.batch(day, rows=150) for day in (9, 10))
    eleventh = line.batch(11, rows=150, month=3)  # a period of its own
    empty = line.wafer("models", "scorecard")
    line.predict(ninth)
    sent, again = line.outcomes(ninth), line.outcomes(ninth)
    card = line.wafer("models", "scorecard")

    assert (first["promoted"], first["model_version"]) == (True, 1)
    assert (empty["total"]["wafers"], empty["total"]["budget"]) == (0, None)
    assert ((sent["matched"], sent["new"]), (again["matched"], again["new"])) == ((150, 150), (150, 0))
    assert (card["total"]["wafers"], card["comparison"]) == (150, None)
    assert card["total"]["auc"]["value"] > 0.8
    assert line.told() == ["model.promoted"]

    grown = line.train("--from-outcomes", "--promotion=candidate")
    shadowed = line.predict(tenth)
    line.outcomes(tenth)
    card = line.wafer("models", "scorecard", "2")

    assert counts(grown, "validate")["rows_good"] == 8 * 40 + 150
    assert not grown["promoted"]
    store = open_store(str(line.folder / "home" / "store"))
    assert layout.SHADOW in read_marker(store, layout.published("predict", shadowed["run_id"])).files
    assert (card["comparison"]["version"], card["comparison"]["other"]) == (2, 1)
    assert card["comparison"]["standing"]["wafers"] == card["comparison"]["other_standing"]["wafers"] == 150
    assert line.told()[1:] == ["model.waits"]

    line.promote(2, "better in its shadow")
    line.predict(eleventh)
    line.outcomes(flipped(eleventh))
    card = line.wafer("models", "scorecard")
    decided = line.wafer("retrain", "--dry-run")

    assert (card["version"], card["periods"][-1]["statement"]) == (2, "broken")
    assert card["periods"][-1]["ranking"] == "broken"
    assert line.told()[2:] == ["model.promoted", "promise.broken"]
    assert "better in its shadow" in line.text(2)
    assert "of the passing wafers were flagged" in line.text(3)
    assert "the AUC was" in line.text(3)
    assert decided["train"]
    assert "broke its promise" in decided["why"]
