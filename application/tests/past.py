"""Predictions of the past: in the ledger below a home, with their published folders."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import Parameters, Run
from wafer.store import Store, layout
from wafer.tests.past import Told, drift_of, lot, publish_outcomes, publish_prediction
from wafer.tests.sensor_runs import published_readings, readings_of, told_wafers

SHIFTED = ("Sensor - 99", "Sensor - 7")  # on the day of the bad lot


def predicted_on(
    home: Path,
    store: Store,
    day: str,
    told: Sequence[Told],
    *,
    version: int = 1,
    more: Mapping[str, bytes] | None = None,
    parameters: Parameters | None = None,
) -> str:
    """A prediction that succeeded on a day of March 2026; its run's id."""
    run_id, moment = f"predict-{day}", f"2026-03-{day}T12:00:00.000+00:00"
    run = Run(
        run_id, "predict", f"raw/predict/{day}", parameters or {}, moment, "line", state="succeeded", finished=moment
    )
    with closing(SQLiteLedger(home / "ledger.sqlite")) as ledger:
        ledger.adopt(run)
    publish_prediction(store, run_id, told, version=version, more=more)
    return run_id


def file_of(day: str) -> str:
    """The batch of a day."""
    return f"wafer_{day}032026_080000.csv"


def some_weeks(home: Path, store: Store) -> None:
    """Twelve lots of 25 wafers in four predictions, one of each flagged; of lot L-07 eleven are, and nine failed."""
    for number, day in enumerate(("02", "09", "16", "23")):
        lots = [f"L-{3 * number + place:02d}" for place in (1, 2, 3)]
        file = file_of(day)
        told = [each for name in lots for each in lot(name, 25, 11 if name == "L-07" else 1, 1, file=file)]
        drift = drift_of(75, moved=SHIFTED if day == "16" else (), left=[SHIFTED[0]] if day >= "16" else [])
        predicted_on(home, store, day, told, more={layout.DRIFT: drift})
        if "L-07" in lots:
            bad = [each for each in told if each.context["lot"] == "L-07"]
            known = [(each, place < 9) for place, each in enumerate(bad)]
            publish_outcomes(store, "outcomes-1", known, received="2026-03-25", prediction=f"predict-{day}")


def a_run_with_readings(home: Path, store: Store) -> str:
    """A prediction of four files, one sensor of which shifts and one of which falls silent; six outcomes are known."""
    told = told_wafers()
    run_id = predicted_on(home, store, "06", told, more=published_readings(told, readings_of(told)))
    publish_outcomes(
        store, "outcomes-1", [(each, place < 5) for place, each in enumerate(told[:6])], received="2026-03-09"
    )
    return run_id
