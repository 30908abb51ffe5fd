"""The stages that touch the world, each in a process of its own that can be killed at any call it makes there.

A `Deadly` object stands before a store, a database or MLflow's client, counts the calls that go through it, and kills
its own process before or after one of them.
"""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Lock
from typing import Any, Literal, cast

from mlflow import MlflowClient

from db_operation_train.stage import load_wafers
from load_prod_model.promotion import promote_run
from pred_pipeline.serving import fetch_production, publish_predictions
from raw_data_validation_train.stage import validate_source
from tests.faults.line import SCHEMA, Line
from tests.faults.world import RUN, World
from wafer.contract import load_contract
from wafer.documents import Documents, open_documents
from wafer.errors import WaferError
from wafer.registry import Registry
from wafer.registry.registry import MlflowRegistry
from wafer.runs import live, record_outcome, run_stage
from wafer.store import Store, open_store
from wafer.wafers.arrays import EXPORT_FILE

Moment = Literal["before", "after"]
PROCESSES = get_context("forkserver")  # a stage's imports are made once, and not for every process that dies
PROCESSES.set_forkserver_preload(
    [
        "tests.faults.stages",
        *("mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store"),
        *("git", "xgboost", "sklearn.ensemble", "scipy.stats", "matplotlib.figure", "matplotlib.backends.backend_svg"),
    ]
)


@dataclass(frozen=True, slots=True)
class Death:
    """When a process kills itself: before or after the call with this number, from 1."""

    call: int
    moment: Moment


@dataclass
class Calls:
    """The calls that were made, and the one at which the process dies."""

    death: Death | None = None
    made: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, name: str) -> int:
        """Count a call."""
        with self._lock:
            self.made.append(name)
            number = len(self.made)
        self._die("before", number)
        return number

    def end(self, number: int) -> None:
        """The call was made."""
        self._die("after", number)

    def _die(self, moment: Moment, number: int) -> None:
        if self.death == Death(number, moment):
            os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """Passes every call on to the object behind it, and counts it."""

    def __init__(self, behind: object, calls: Calls) -> None:
        self._behind = behind
        self._calls = calls

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the object behind has
        found = getattr(self._behind, name)
        return self._counted(f"{type(self._behind).__name__}.{name}", found) if callable(found) else found

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            number = self._calls.begin(name)
            try:
                return call(*args, **kwargs)
            finally:  # also after a call that failed
                self._calls.end(number)

        return counted


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stage is given: the line's artifacts, a folder for its own, and the world behind deadly calls."""

    line: Line
    folder: Path
    world: World
    calls: Calls
    run: str = RUN

    def store(self) -> Store:
        return cast("Store", Deadly(open_store(self.world.store), self.calls))

    def documents(self) -> AbstractContextManager[Documents]:
        return nullcontext(cast("Documents", Deadly(open_documents(self.world.documents), self.calls)))

    def registry(self) -> Registry:
        client = MlflowClient(self.world.registry, self.world.registry)
        return MlflowRegistry(self.world.registry, cast("MlflowClient", Deadly(client, self.calls)))


def validate(around: Surroundings) -> None:
    store = around.store()
    with run_stage("validate", around.run, store):
        validate_source(
            around.line.source,
            load_contract("training", SCHEMA),
            accepted=around.folder / "accepted",
            manifest=around.folder / "manifest.json",
            report=around.folder / "report.html",
            store=store,
            run_id=around.run,
        )


def load(around: Surroundings) -> None:
    with run_stage("load", around.run, around.store()), around.documents() as documents:
        load_wafers(
            around.line.wafers, documents, around.folder / "export", around.folder / "InputFile.csv", "training"
        )


def promote(around: Surroundings) -> None:
    store = around.store()
    with run_stage("promote", around.run, store), around.documents() as documents:
        promote_run(
            around.line.parts,
            run_id=around.run,
            store=store,
            documents=documents,
            registry=around.registry(),
            bundle=around.folder / "bundle",
            decision=around.folder / "decision.json",
            report=around.folder / "report.html",
        )


def select_model(around: Surroundings) -> None:
    with run_stage("select-model", around.run, around.store()):
        fetch_production(around.registry(), around.folder / "selected")


def publish(around: Surroundings) -> None:
    store = around.store()
    predictions = around.folder / "predictions"
    predictions.mkdir()
    (predictions / "predictions.csv").write_text("wafer,verdict\nW-1,fail\n")
    export = around.folder / "readings"
    export.mkdir()
    (export / EXPORT_FILE).write_bytes(b"readings")
    with run_stage("predict", around.run, store):
        parts = around.line.parts
        publish_predictions(
            store,
            around.run,
            manifest=parts.manifest,
            validation_report=parts.validation_report,
            input_file=parts.input_file,
            export=export,
            predictions=predictions,
        )


def outcome(around: Surroundings) -> None:
    record_outcome(around.run, "train", around.store())


STAGES: dict[str, Callable[[Surroundings], None]] = {
    each.__name__: each for each in (validate, load, promote, outcome, select_model, publish)
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stage's process ended, and the calls it made; none are known of one that was killed."""

    code: int
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage's process that is running."""

    process: ForkServerProcess
    counts_out: Connection

    def wait(self, seconds: float = 300) -> Ended:
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"the stage did not end within {seconds:.0f} s"
        calls = self.counts_out.recv() if self.counts_out.poll() and self.process.exitcode >= 0 else ()
        return Ended(self.process.exitcode, tuple(calls))


def start(
    name: str,
    line: Line,
    world: World,
    folder: Path,
    death: Death | None = None,
    environment: Mapping[str, str] | None = None,
    run_id: str = RUN,
) -> Stage:
    """Start a stage in a process of its own; `folder` takes its artifacts and its log."""
    folder.mkdir(parents=True)
    ours, theirs = PROCESSES.Pipe(duplex=False)
    arguments = (name, line, world, folder, death, dict(environment or os.environ), theirs, run_id)
    process = PROCESSES.Process(target=_main, args=arguments, daemon=True)
    process.start()
    theirs.close()
    return Stage(process, ours)


def run(name: str, line: Line, world: World, folder: Path, death: Death | None = None, run_id: str = RUN) -> Ended:
    """Run a stage to its end, whatever that is."""
    return start(name, line, world, folder, death, run_id=run_id).wait()


def _main(
    name: str,
    line: Line,
    world: World,
    folder: Path,
    death: Death | None,
    environment: dict[str, str],
    counts_out: Connection,
    run_id: str,
) -> None:
    os.environ.update(environment)
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    calls = Calls(death)
    live.SECONDS = 3600.0  # calls are counted: the clock may make none
    try:
        STAGES[name](Surroundings(line, folder, world, calls, run_id))
    except WaferError as error:
        raise SystemExit(str(error)) from error
    finally:
        counts_out.send(calls.made)
