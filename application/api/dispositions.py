"""What people decided about the wafers of a prediction, and what files tell of them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from operator import attrgetter

from application.api.breaker import Breaker
from application.api.predictions import Predictions, place_of
from application.api.shapes.dispositions import Appearance, Appearances, Told, WaferHistory
from application.runs.run import Run, read_by
from wafer.documents import Outcome, open_documents
from wafer.errors import DocumentsUnavailable, ObjectNotFound
from wafer.outcomes.dispositions import FAILED, Disposition, Forecast, Word, all_dispositions, dispose, log_reader
from wafer.outcomes.predicted import predictions_of
from wafer.store import Store


class Dispositions:
    """Takes the words of people, and tells what is known of a wafer."""

    def __init__(self, store: Store, predictions: Predictions, documents_uri: str) -> None:
        self._store = store
        self._predictions = predictions
        self._documents_uri = documents_uri
        self._log = log_reader(store)
        self._way = Breaker("the documents", DocumentsUnavailable)

    def dispose(self, run: Run, wafer: str, file: str, word: Word, comment: str, who: str) -> WaferHistory:
        """Keep what a person says of a wafer; `file` tells apart those of one name.

        Raises `NotPublished`, `ObjectNotFound`, `WaferAmbiguous`, `DocumentsUnavailable`, `PublishConflict`.
        """
        forecasts = self._forecasts(run, wafer, file)
        dispose(self._store, Disposition(run.run_id, wafer, forecasts[0].file, word, comment, who, "", forecasts))
        return self._told(run, forecasts)

    def history(self, run: Run, wafer: str, file: str = "") -> WaferHistory:
        """Everything that people and files told of a wafer's readings. Raises as `dispose` does."""
        return self._told(run, self._forecasts(run, wafer, file))

    def elsewhere(self, run: Run, wafer: str, file: str, runs: Sequence[str]) -> Appearances:
        """What `runs` predicted of the wafer besides. Raises as `history` does."""
        first = self._forecasts(run, wafer, file)[0]
        others = [each for each in runs if each != run.run_id]
        place = {run_id: number for number, run_id in enumerate(others)}
        found = [each for each in self._predicted(run, wafer, others) if not each.shadow]
        return Appearances(
            run_id=run.run_id,
            wafer=wafer,
            searched=len(others),
            predictions=[_appearance(each, first) for each in sorted(found, key=lambda each: place[each.prediction])],
        )

    def _forecasts(self, run: Run, wafer: str, file: str) -> tuple[Forecast, ...]:
        """What the versions of the run predicted of the wafer, production first."""
        table = self._predictions.table(run)
        chosen = table["file"][place_of(table, run, wafer, file)].as_py()
        found = [each for each in self._predicted(run, wafer, [run.run_id]) if each.file == chosen]
        if not found:
            raise ObjectNotFound(
                f"Run {run.run_id} is older than dispositions, and did not publish by which readings it judged. "
                "Predict its batches again."
            )
        return tuple(sorted(found, key=attrgetter("shadow")))

    def _predicted(self, run: Run, wafer: str, runs: Sequence[str]) -> tuple[Forecast, ...]:
        """What some runs predicted of a wafer; the contract is that of `run`."""
        contract = read_by(run.parameters, "prediction")
        with self._way.call(), open_documents(self._documents_uri) as documents:
            return Forecast.of(predictions_of([wafer], self._store, documents, contract, runs))

    def _told(self, run: Run, forecasts: tuple[Forecast, ...]) -> WaferHistory:
        first = forecasts[0]
        here = Disposition(run.run_id, first.wafer, first.file, "comment", "", "", "", forecasts)
        with self._way.call(), open_documents(self._documents_uri) as documents:
            files = [each for each in documents.outcomes_of([first.wafer]) if each["key"] in {"", first.key}]
        people = [each for each in all_dispositions(self._store, self._log) if each.readings & here.readings]
        told = sorted([*map(_by_person, people), *map(_by_file, files)], key=attrgetter("at"))
        counts = _that_counts(told)
        return WaferHistory(
            run_id=run.run_id,
            wafer=first.wafer,
            file=first.file,
            outcome=counts.outcome if counts else None,
            told=[each.model_copy(update={"counts": each is counts}) for each in reversed(told)],
        )


def _that_counts(told: Iterable[Told]) -> Told | None:
    """The word that is in force, of those in the order of time; None where none is."""
    last: Told | None = None
    person: Told | None = None
    file: Told | None = None
    for each in told:
        if each.word == "withdrawn":
            person, last = None, file
        elif each.word is None:
            file = each
            last = person if person and person.word == "reworked" else each
        elif each.word != "comment":
            person = last = each
    return last


def _appearance(found: Forecast, here: Forecast) -> Appearance:
    same = found.document == here.document or bool(here.key and found.key == here.key)
    told = asdict(found)
    told["run_id"] = found.prediction
    return Appearance(**{name: told[name] for name in Appearance.model_fields if name in told}, same_readings=same)


def _by_person(told: Disposition) -> Told:
    failed = FAILED.get(told.word)
    outcome = None if failed is None else "fail" if failed else "pass"
    return Told(at=told.at, who=told.who, word=told.word, comment=told.comment, run_id=told.run_id, outcome=outcome)


def _by_file(told: Outcome) -> Told:
    outcome = "fail" if told["failed"] else "pass"
    return Told(at=told["received"], file=told["file"], run_id=told["run_id"], outcome=outcome)
