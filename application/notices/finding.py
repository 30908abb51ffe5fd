"""Which events the end of a run is, and which a promotion is: told by what they left in the store and the registry."""

from collections.abc import Iterator

from application.notices.event import Event
from application.runs.results import decision_of
from application.runs.run import Run
from application.runs.signs import Judge, broken_promise, drift_warnings
from wafer.built_in import BUILT_IN
from wafer.evaluation.standing import Standing
from wafer.registry import Promotion
from wafer.shares import percent
from wafer.store import Store


def events_of(store: Store, run: Run, judge: Judge) -> Iterator[Event]:
    """The events that a run's end is; none for most. Raises what the store and `judge` do."""
    match run.pipeline, run.state:
        case _, "failed":
            yield _failed(run)
        case "train", "succeeded":
            yield from _waiting(store, run)
        case "predict", "succeeded":
            yield from _drifted(run, drift_warnings(store, run.run_id))
        case "outcomes", "succeeded":
            card = judge(run.contract)
            if card and (broken := broken_promise(card)):
                yield _broken(run, card.version, broken)


def promoted(entry: Promotion, contract: str = BUILT_IN) -> Event:
    """The event that a version came into production for a contract."""
    who = f"by {entry.who}" if entry.who else "by an unnamed person" if entry.undoes else f"by training {entry.by}"
    version, name = _named(contract, f"Version {entry.version}", f"promotion-{entry.number}")
    title = f"{version} is in production{' again (rollback)' if entry.undoes else ''}"
    text = f"It was put there {who}. {entry.why}".strip()
    return Event("model.promoted", name, entry.at, title, text, model_version=entry.version)


def _named(contract: str, title: str, name: str) -> tuple[str, str]:
    """Title and name of an event about a version, as that of a contract."""
    return (title, name) if contract == BUILT_IN else (f"{title} of {contract}", f"{name}-{contract}")


def _failed(run: Run) -> Event:
    where = f" in stage {run.error.stage}" if run.error and run.error.stage else ""
    text = f"{run.error.code}{where}: {run.error.message}" if run.error else "It left no error."
    name = f"failed-{run.run_id}-{run.attempt}"
    return Event("run.failed", name, run.finished, f"Run {run.run_id} failed", text, run.run_id)


def _waiting(store: Store, run: Run) -> Iterator[Event]:
    decision = decision_of(store, run)
    if decision and decision.waits:
        version = decision.model_version
        of_contract, _ = _named(run.contract, f"Version {version}", "")
        title, name = f"{of_contract} waits for a person", f"waits-{run.run_id}"
        yield Event("model.waits", name, run.finished, title, decision.explained, run.run_id, version)


def _drifted(run: Run, warnings: list[str]) -> Iterator[Event]:
    if warnings:
        title = f"The wafers of {run.run_id} are not like those of the training"
        yield Event("batch.drifted", f"drift-{run.run_id}", run.finished, title, " ".join(warnings), run.run_id)


def _broken(run: Run, version: int, standing: Standing) -> Event:
    """Told once for each version and period, however many outcomes come after."""
    told = []
    if standing.statement == "broken":
        told.append(_alarms(standing))
    if standing.ranking == "broken":
        told.append(_ranking(standing))
    text = f"In the period {standing.period} {' '.join(told)} Look at the scorecard, then train again or roll back."
    title, name = _named(run.contract, f"Version {version}", f"promise-{version}-{standing.period}")
    what = "its false-alarm budget" if standing.statement == "broken" else "the ranking that its training promised"
    return Event("promise.broken", name, run.finished, f"{title} does not keep {what}", text, run.run_id, version)


def _alarms(standing: Standing) -> str:
    rate = standing.false_alarm_rate
    alarms = f"{percent(rate.value, 0)} ({percent(rate.low, 0)} to {percent(rate.high, 0)})" if rate else "too many"
    return f"{alarms} of the passing wafers were flagged; {percent(standing.budget or 0, 0)} were promised."


def _ranking(standing: Standing) -> str:
    auc = standing.auc.value if standing.auc else 0.0
    return (
        f"the AUC was {auc:.2f}, below {standing.least_auc or 0:.2f}, where chance alone would hardly bring it; "
        f"{standing.promised_auc or 0:.2f} were promised. The model is worth less than it was, or outcomes are wrong."
    )
