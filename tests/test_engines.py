"""The same bytes, whichever engine does the units of a stage's work, and whatever happens to its workers."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from structlog.testing import capture_logs

from data_transformation_train.parts import UNIT_BYTES
from data_transformation_train.stage import transform_batches
from load_prod_model.promotion import assembled
from model_training.stage import fit_global_models, train_cluster
from pred_pipeline.stage import predict_wafers
from preprocessing_train import described
from preprocessing_train.stage import fit_preprocessor
from raw_data_validation_train.tests.corpus import accept, reject, write
from raw_data_validation_train.tests.drop import everything_below, validate
from tests.faults.line import Line, make_line, write_drop
from tests.servers.cluster import Running, start_cluster
from tests.servers.fixtures import S3Server
from wafer.contract import load_contract
from wafer.engine import Engine, Inline, open_engine
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.settings import Settings
from wafer.store import open_store
from wafer.wafers.arrays import EXPORT_FILE
from wafer.wafers.export import ExportFile
from wafer.wafers.table import wafers_writer


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every good and bad kind of file."""
    folder = tmp_path_factory.mktemp("drop")
    cases = [case for case in (*accept(), *reject()) if case.is_ordinary]
    random.Random(7).shuffle(cases)
    write(cases, folder)
    return folder


def work(drop: Path | str, out: Path, engine: Engine, unit_bytes: int = UNIT_BYTES) -> dict[str, bytes]:
    validate(drop, out, engine=engine)
    contract = load_contract("training")
    transform_batches(out / "accepted", out / "wafers.parquet", contract, 0, engine, unit_bytes)
    return everything_below(out)


@pytest.fixture(scope="module")
def inline(drop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return work(drop, tmp_path_factory.mktemp("inline"), Inline(1))


@pytest.fixture(scope="module")
def cluster_with_s3(
    s3_server: S3Server, certificates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A cluster whose workers reach the tests' S3."""
    yield from start_cluster(certificates, tmp_path_factory.mktemp("cluster"), s3_server.environment)


@pytest.mark.slow  # the whole corpus twice, and two interpreters
def test_processes_give_the_bytes_of_one(drop: Path, inline: dict[str, bytes], tmp_path: Path) -> None:
    with open_engine(Settings(WAFER_WORKERS=2)) as engine:
        assert work(drop, tmp_path, engine) == inline


@pytest.mark.parametrize("source", ["a folder", "S3"])
def test_a_cluster_gives_the_bytes_of_one(
    source: str, drop: Path, inline: dict[str, bytes], cluster_with_s3: Running, s3_bucket: str, tmp_path: Path
) -> None:
    store = open_store(s3_bucket)
    for path in drop.iterdir() if source == "S3" else ():
        store.upload(path, f"raw/{path.name}")
    settings = cluster_with_s3.settings.model_copy(update={"store": s3_bucket})

    with open_engine(settings) as engine:
        assert work(f"{s3_bucket}/raw" if source == "S3" else drop, tmp_path, engine) == inline

    assert store.keys("units") == []


@pytest.mark.slow  # the whole corpus each time
@pytest.mark.parametrize("unit_bytes", [1, 20_000])
def test_units_of_any_size_give_the_same_bytes(
    unit_bytes: int, drop: Path, inline: dict[str, bytes], tmp_path: Path
) -> None:
    assert work(drop, tmp_path, Inline(2), unit_bytes) == inline


def test_a_worker_that_is_killed_in_the_middle_changes_no_byte(
    drop: Path, inline: dict[str, bytes], cluster: Running, tmp_path: Path
) -> None:
    with open_engine(cluster.settings) as engine, killing_a_worker(cluster, tmp_path / "accepted"):
        assert work(drop, tmp_path, engine) == inline


def learn(line: Line, out: Path, engine: Engine) -> dict[str, bytes]:
    """Every fit of a training."""
    families = (RandomForest(trees=60, trees_cluster=30), BoostedTrees(rounds=10))  # parts of 25 trees
    given = (line.parts.training, line.parts.preprocessor)
    fit_global_models(*given, out / "global", Recipe(families=families), engine)
    train_cluster(0, *given, line.parts.cluster_model, out / "global", out / "member", out / "member.html", engine)
    return everything_below(out)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    folder = tmp_path_factory.mktemp("line")
    return make_line(folder, write_drop(folder / "drop"))


@pytest.fixture(scope="module")
def learned(line: Line, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return learn(line, tmp_path_factory.mktemp("learned"), Inline(1))


@pytest.mark.slow  # every fit of a training twice
def test_fits_by_processes_leave_the_bytes_of_one(line: Line, learned: dict[str, bytes], tmp_path: Path) -> None:
    with capture_logs() as told, open_engine(Settings(WAFER_WORKERS=2)) as engine:
        assert learn(line, tmp_path, engine) == learned

    assert {each["processes"] for each in told if each["event"] == "units" and each["of"] > 1} == {2}


def test_fits_by_a_cluster_leave_the_bytes_of_one_and_what_is_done_is_kept(
    line: Line,
    learned: dict[str, bytes],
    cluster_with_s3: Running,
    s3_bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the task's folders have relative names, which lead workers nowhere
    settings = cluster_with_s3.settings.model_copy(update={"store": s3_bucket})

    with pytest.raises(Ended), open_engine(settings, run_id="run", task="train") as engine:
        learn(line, Path("ended"), ending(engine, 3, monkeypatch))
    with capture_logs() as told, open_engine(settings, run_id="run", task="train") as engine:
        assert learn(line, Path("out"), engine) == learned

    kept = [each["kept"] for each in told if each["event"] == "units"]
    assert kept[0] >= 3
    assert kept[1:] == [0]  # the tests on later wafers had not begun
    assert open_store(s3_bucket).keys("units") == []


def test_blocks_of_sensors_are_described_alike_everywhere(
    line: Line, cluster_with_s3: Running, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        "here": Settings(),
        "processes": Settings(WAFER_WORKERS=2),
        "cluster": cluster_with_s3.settings.model_copy(update={"store": s3_bucket}),
    }
    whole = preprocess(line, tmp_path / "whole", Settings())
    monkeypatch.setattr(described, "columns_at_once", lambda _: 3)  # as if there were many times the wafers

    with capture_logs() as told:
        found = [preprocess(line, tmp_path / name, settings) for name, settings in places.items()]

    assert all(each == whole for each in found)
    assert [each["of"] for each in told if each["event"] == "units"] == [3, 3]  # eight sensors


def test_buckets_of_a_prediction_are_judged_alike_everywhere(
    line: Line, cluster_with_s3: Running, s3_bucket: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    assembled(line.parts, bundle)
    export = in_row_groups(line.parts.export, tmp_path / "export", 20)
    places = {
        "here": Settings(),
        "processes": Settings(WAFER_WORKERS=2),
        "cluster": cluster_with_s3.settings.model_copy(update={"store": s3_bucket}),
    }
    whole = predict(export, bundle, tmp_path / "whole", Settings(), bucket_wafers=1000)

    with capture_logs() as told:
        found = [predict(export, bundle, tmp_path / name, each, bucket_wafers=50) for name, each in places.items()]

    assert all(each == whole for each in found)
    assert [each["of"] for each in told if each["event"] == "units"] == [4, 4]  # 240 wafers, three row groups a bucket
    assert open_store(s3_bucket).keys("units") == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def in_row_groups(export: Path, to: Path, rows: int) -> Path:
    """The same wafers in row groups of another size."""
    with ExportFile(export) as file:
        wafers = pa.concat_tables(file.tables())
    with wafers_writer(to / EXPORT_FILE, wafers.schema) as writer:
        writer.write_table(wafers, rows)
    return to


def predict(export: Path, bundle: Path, out: Path, settings: Settings, bucket_wafers: int) -> dict[str, bytes]:
    """What is predicted, with the reasons of the first five to review."""
    with open_engine(settings, run_id="run", task="predict") as engine:
        predict_wafers(
            export,
            bundle,
            out / "predictions",
            model_version="1",
            run_id="run",
            explained=5,
            engine=engine,
            bucket_wafers=bucket_wafers,
        )
    return everything_below(out)


def preprocess(line: Line, out: Path, settings: Settings) -> dict[str, bytes]:
    with open_engine(settings) as engine:
        fit_preprocessor(line.parts.export, out / "preprocessor", out / "training.parquet", engine=engine)
    return everything_below(out)


class Ended(Exception):
    """What happens to a task in the middle of its units."""


def ending(engine: Engine, answers: int, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine of a task that ends after a few answers."""
    run = engine.run

    def some(*given: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever the engine is given
        yield from islice(run(*given), answers)
        raise Ended

    monkeypatch.setattr(engine, "run", some)
    return engine


@contextmanager
def killing_a_worker(cluster: Running, folder: Path) -> Iterator[None]:
    """Kill one of the two workers as soon as the first file appears in the folder."""

    def kill() -> None:
        while not (folder.is_dir() and any(folder.iterdir())):
            time.sleep(0.001)
        os.kill(cluster.worker_pids()[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    yield
    thread.join()
