"""Places as people write them mean the same in every process, and a home that was moved is a home."""

import shutil
from pathlib import Path

import pytest

from wafer.errors import BundleRejected
from wafer.model.files import seal
from wafer.paths import sqlite_path
from wafer.registry import Registry, TrainingRecord, open_registry
from wafer.settings import Settings

ODD = "50% of? #1 %41"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("WAFER_HOME", "WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mine", "mine"),
        ("./mine/../other", "mine/../other"),
        ("~/mine", "user/mine"),
        ("file:mine", "mine"),
        (f"sub/{ODD}", f"sub/{ODD}"),
        ("file:a%20b", "a b"),
    ],
)
def test_a_store_is_absolute_whatever_was_written(
    here: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    monkeypatch.setenv("WAFER_STORE", written)
    monkeypatch.setenv("MONGODB_URI", written)

    assert Settings().store_uri == str(here / meant)
    assert Settings().documents_uri == str(here / meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite:///sub/mlflow.db", "sub/mlflow.db"),
        ("sqlite:///{here}/mlflow.db", "mlflow.db"),
        ("file:mine", "mine/mlflow.db"),
        ("file://{here}/mine", "mine/mlflow.db"),
        ("mine", "mine/mlflow.db"),
        ("~/mine", "user/mine/mlflow.db"),
        ("{here}/" + ODD, f"{ODD}/mlflow.db"),
        ("sqlite:///a%20b.db", "a b.db"),
        ("sqlite:///mlflow.db?timeout=10&mode=rwc", "mlflow.db"),
        ("sqlite:///there/" + ODD + "/mlflow.db", f"there/{ODD}/mlflow.db"),
        ("sqlite:///{here}/there/" + ODD + "/%41.db", f"there/{ODD}/%41.db"),
        ("sqlite:///{here}/50%25%20of?/mlflow.db", "50% of?/mlflow.db"),
        ("file://{here}/there/" + ODD, f"there/{ODD}/mlflow.db"),
        ("file:there/" + ODD + "/new", f"there/{ODD}/new/mlflow.db"),
    ],
)
def test_a_registry_in_a_file_is_absolute_whatever_was_written(
    here: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    (here / "there" / ODD).mkdir(parents=True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", written.format(here=here))

    once = Settings().tracking_uri
    monkeypatch.setenv("MLFLOW_TRACKING_URI", once)  # as a task gets it

    assert sqlite_path(once) == here / meant
    assert Settings().tracking_uri == once


@pytest.mark.parametrize("uri", ["http://mlflow:5000/a%20b?c#d", "s3://bucket/a?b", "mongodb+srv://u:p%40@host/d?w=1"])
def test_the_address_of_a_server_stays_as_it_is(here: Path, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    assert here.is_dir()
    for name in ("WAFER_STORE", "MONGODB_URI", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, uri)

    found = Settings()

    assert [found.store_uri, found.documents_uri, found.tracking_uri] == [uri] * 3


def test_a_home_is_absolute_and_an_empty_one_the_default(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAFER_HOME", "~/x")
    assert Settings().home == here / "user" / "x"

    monkeypatch.setenv("WAFER_HOME", "")
    assert Settings().home == here / ".wafer"


def test_trainings_that_mlflow_keeps_as_files_are_refused_with_the_way_out(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "mlruns" / "0").mkdir(parents=True)
    (here / "mlruns" / "0" / "meta.yaml").write_text("")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "mlruns")

    with pytest.raises(ValueError, match="mlflow migrate-filestore"):
        Settings()


@pytest.fixture
def home(here: Path, empty_registry: Path) -> Path:
    """A home of an awkward name, with one version of the model."""
    folder = here / ODD
    registry = registry_of(folder, empty_registry)
    bundle = here / "bundle"
    bundle.mkdir()
    (bundle / "model.json").write_text("{}")
    parent = registry.log_training(TrainingRecord("train-1", {}, {}, {}, [bundle / "model.json"]))
    registry.register(bundle, seal(bundle, {}), parent, "train-1")
    return folder


def registry_of(home: Path, empty: Path | None = None) -> Registry:
    if empty:
        (home / "mlflow").mkdir(parents=True)
        shutil.copyfile(empty, home / "mlflow" / "mlflow.db")
    return open_registry(Settings(WAFER_HOME=home).tracking_uri)


def files(folder: Path) -> dict[Path, bytes]:
    kept = (path for path in folder.rglob("*") if path.is_file() and "mlflow.db" not in path.name)
    return {path.relative_to(folder): path.read_bytes() for path in kept}


def test_a_copied_home_reads_and_writes_only_its_own_files(home: Path, here: Path) -> None:
    copy = here / "copy"
    shutil.copytree(home, copy)
    before = files(home)
    registry = registry_of(copy)

    registry.log_training(TrainingRecord("train-2", {}, {}, {}, [here / "bundle" / "model.json"]))
    shutil.move(home, here / "elsewhere")

    assert files(here / "elsewhere") == before
    assert len(files(copy)) == len(before) + 1
    assert (registry.download(1, here / "fetched") / "model.json").read_text() == "{}"
    assert registry.fetch(1, "model.json", here / "fetched").read_text() == "{}"
    assert {path.name for path in here.iterdir()} == {"bundle", "copy", "elsewhere", "fetched"}


def test_missing_files_of_a_version_are_not_called_changed(home: Path, here: Path) -> None:
    (found,) = home.rglob("MLmodel")
    found.unlink()
    with pytest.raises(BundleRejected, match="missing"):
        registry_of(home).download(1, here / "fetched")

    shutil.rmtree(home / "mlflow" / "artifacts")
    with pytest.raises(BundleRejected, match="missing"):
        registry_of(home).download(1, here / "again")
