"""Whatever engine does the units: the same answers in the same order, and clear words about what cannot be done."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest
from distributed import Client
from structlog.testing import capture_logs

from tests.servers.cluster import Running, start_cluster, write_certificates
from wafer.engine import Engine, open_engine
from wafer.engine.tests import units
from wafer.engine.tests.units import Part
from wafer.errors import ContractMismatch, EngineUnavailable, StageFailed
from wafer.progress import Progress, counted, listening
from wafer.settings import Settings

CLUSTER = pytest.param("cluster", marks=pytest.mark.server)


@pytest.fixture(params=["inline", "processes", CLUSTER])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    match request.param:
        case "inline":
            settings = Settings()
        case "processes":
            settings = Settings(WAFER_WORKERS=2)
        case _:
            settings = request.getfixturevalue("cluster").settings
    with open_engine(settings) as opened:
        yield opened


@pytest.fixture(params=["processes", CLUSTER])
def with_workers(request: pytest.FixtureRequest) -> Iterator[Engine]:
    settings = request.getfixturevalue("cluster").settings if request.param == "cluster" else Settings(WAFER_WORKERS=2)
    with open_engine(settings) as opened:
        yield opened


def parts(folder: Path, count: int = 5) -> list[Part]:
    return [Part(number, folder) for number in range(count)]


def test_answers_come_in_the_order_of_the_units(engine: Engine, tmp_path: Path) -> None:
    expected = [(f"part-{number}.txt", number) for number in range(5)]

    assert list(engine.run(units.digest, parts(tmp_path))) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == [name for name, _ in expected]
    assert list(engine.run(units.digest, [])) == []


def test_an_error_of_the_work_comes_as_it_is(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ContractMismatch, match="part-0 was measured by other sensors"):
        list(engine.run(units.refuse, parts(tmp_path)))


def test_workers_share_the_units(with_workers: Engine, tmp_path: Path) -> None:
    assert len(set(with_workers.run(units.pid, parts(tmp_path, 6)))) > 1


def test_a_unit_whose_process_was_killed_is_done_again(with_workers: Engine, tmp_path: Path) -> None:
    done = list(with_workers.run(units.die_once, parts(tmp_path)))

    assert (tmp_path / "part-1.died").exists()
    assert [number for _, number in done] == [0, 1, 2, 3, 4]


def test_a_unit_that_kills_every_process_is_named_and_the_others_are_done(with_workers: Engine, tmp_path: Path) -> None:
    with pytest.raises(StageFailed, match=r"1 unit.* part-1\.") as told:
        list(with_workers.run(units.always_die, parts(tmp_path)))

    assert told.value.retry_helps
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"part-{number}.txt" for number in (0, 2, 3, 4)]


def test_the_default_never_imports_what_a_cluster_needs() -> None:
    program = "import sys; from wafer.engine import open_engine; from wafer.settings import Settings\n"
    program += "with open_engine(Settings()) as engine: pass\nprint('distributed' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_a_plaintext_client_is_refused(cluster: Running) -> None:
    plain = cluster.address.replace("tls://", "tcp://")

    with pytest.raises(OSError, match=r"reset by peer|Timed out|in <T"):
        Client(plain, timeout=2, set_as_default=False)
    with pytest.raises(EngineUnavailable, match="write tls://host:port"):
        open_engine(Settings(WAFER_ENGINE=plain, WAFER_ENGINE_TLS=cluster.certificates))


def test_a_client_with_a_certificate_of_another_authority_is_refused(
    cluster: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wafer.engine.cluster.CONNECT_SECONDS", 2)
    foreign = Settings(WAFER_ENGINE=cluster.address, WAFER_ENGINE_TLS=write_certificates(tmp_path / "foreign"))

    with pytest.raises(EngineUnavailable, match="Check that scheduler and workers run"):
        open_engine(foreign)
    with pytest.raises(EngineUnavailable, match=r"WAFER_ENGINE_TLS must name a folder with ca\.crt"):
        open_engine(Settings(WAFER_ENGINE=cluster.address, WAFER_ENGINE_TLS=tmp_path))


def test_workers_of_another_release_are_refused(
    cluster: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wafer.engine.cluster.content", lambda package: f"{package}-of-another-release")

    with (
        open_engine(cluster.settings) as engine,
        pytest.raises(EngineUnavailable, match=r"None of the \d+ workers .* same release"),
    ):
        list(engine.run(units.digest, parts(tmp_path)))


def test_units_read_what_the_task_gives_and_leave_files_in_its_folders(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    files = [tmp_path / f"in-{number}" for number in range(4)]
    for path in files:
        path.write_text(path.name)

    given = engine.give(files)
    done = engine.run(units.copy, [units.Reading(*each) for each in enumerate(given)], tmp_path / "out")

    assert [each.number for each in done] == [0, 1, 2, 3]
    assert [path.read_text() for path in sorted((tmp_path / "out").iterdir())] == [path.name for path in files]


def test_steps_of_a_unit_are_told_while_it_works(engine: Engine, tmp_path: Path) -> None:
    told: list[Progress] = []

    with listening(told.append), counted(20, "steps"):
        list(engine.run(units.step_for_long, parts(tmp_path, 1), tmp_path))

    assert 0 < told[0].done < 20


def test_workers_of_a_cluster_see_no_folder_of_the_task(cluster: Running, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "in").write_text("given")
    settings = cluster.settings.model_copy(update={"store": str(tmp_path / "store")})

    with open_engine(settings) as engine:
        (given,) = engine.give([tmp_path / "task" / "in"])
        (copied,) = engine.run(units.copy, [units.Reading(0, given)], tmp_path / "task")

    assert str(tmp_path / "task") not in copied.read + copied.written
    assert (tmp_path / "task" / "part-0.txt").read_text() == "given"
    assert not list((tmp_path / "store").rglob("*.*"))


def test_the_next_attempt_does_only_the_units_that_are_missing(cluster: Running, tmp_path: Path) -> None:
    settings = cluster.settings.model_copy(update={"store": str(tmp_path / "store")})
    (tmp_path / "out").mkdir()

    def attempt(task: str) -> list[int]:
        with open_engine(settings, run_id="run", task=task) as engine:
            return list(engine.run(units.die_unless_mended, parts(tmp_path), tmp_path / "out"))

    with capture_logs() as told:
        with pytest.raises(StageFailed, match=r"1 unit.* part-1\."):
            attempt("fit")
        before = begun(tmp_path)
        (tmp_path / "mended").touch()
        assert attempt("fit") == [0, 1, 2, 3, 4]
        again = begun(tmp_path)
        assert attempt("fit") == [0, 1, 2, 3, 4]  # it succeeded: nothing was kept

    assert [each["kept"] for each in told] == [0, 4, 0]
    assert again["part-1"] == before["part-1"] + 1
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == list(before)
    assert all(times > again[name] for name, times in begun(tmp_path).items())


def begun(folder: Path) -> dict[str, int]:
    """How often each unit was begun."""
    return {path.stem: path.stat().st_size for path in sorted(folder.glob("*.begun"))}


@pytest.mark.server
def test_a_scheduler_that_was_killed_is_told(certificates: Path, tmp_path: Path) -> None:
    running = contextmanager(start_cluster)(certificates, tmp_path)
    with running as cluster, open_engine(cluster.settings) as engine:
        answers = engine.run(units.wait_for_long, parts(tmp_path, 2))
        Timer(2, cluster.scheduler.kill).start()
        with pytest.raises(EngineUnavailable, match="went away"):
            list(answers)
