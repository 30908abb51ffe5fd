"""A model that somebody changed in the registry's artifacts is refused with a clear error, and nothing of it runs."""

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
import yaml

from pred_pipeline.serving import fetch_production
from tests.faults.conftest import Told
from tests.faults.line import Line
from tests.faults.stages import run
from tests.faults.world import World
from wafer.errors import BundleRejected
from wafer.model.files import SEAL, seal
from wafer.registry import Registry, open_registry

pytestmark = pytest.mark.slow  # a line is made, and stages run in processes of their own

MODEL = "models:/wafer-fault@production"
EVIL = "from pathlib import Path\nPath({mark!r}).touch()\ndef _load_pyfunc(path):\n    return None\n"


@dataclass(frozen=True, slots=True)
class Stored:
    """A model in production as it lies in the artifacts, and the file that appears when something of it runs."""

    registry: Registry
    folder: Path  # MLmodel and data/
    mark: Path

    @property
    def bundle(self) -> Path:
        (found,) = (self.folder / "data").iterdir()
        return found


class Marks:
    """What an object does when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory, line: Line, empty_registry: Path) -> tuple[World, Path]:
    folder = tmp_path_factory.mktemp("altered")
    (folder / "mlflow").mkdir()
    shutil.copyfile(empty_registry, folder / "mlflow" / "mlflow.db")
    world = World.below(folder)
    for name in ("load", "promote"):
        assert run(name, line, world, folder / name).code == 0
    (model,) = (folder / "mlflow" / "artifacts").rglob("MLmodel")
    return world, model.parent


@pytest.fixture
def stored(promoted: tuple[World, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """The model, put back as it was after the test."""
    world, folder = promoted
    as_it_was = folder.with_name("as-it-was")
    if as_it_was.exists():
        shutil.rmtree(folder)
        shutil.copytree(as_it_was, folder)
    else:
        shutil.copytree(folder, as_it_was)
    monkeypatch.chdir(tmp_path)
    return Stored(open_registry(world.registry), folder, tmp_path / "something-ran")


def change_a_byte(stored: Stored) -> None:
    path = a_member(stored)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def put_a_pickle(stored: Stored) -> None:
    """In the place of a fitted model, in a list of files that fits again."""
    a_member(stored).write_bytes(pickle.dumps(Marks(stored.mark)))
    reseal(stored)


def name_another_recipe(stored: Stored) -> None:
    """What the model says of itself, without a list of files that fits."""
    record = json.loads((stored.bundle / SEAL).read_text())
    record["about"]["recipe"]["false_alarm_budget"] = 0.9
    (stored.bundle / SEAL).write_text(json.dumps(record))


def a_member(stored: Stored) -> Path:
    return min(stored.bundle.rglob("*.ubj"))


def reseal(stored: Stored) -> None:
    record = json.loads((stored.bundle / SEAL).read_text())
    (stored.bundle / SEAL).unlink()
    seal(stored.bundle, record["about"])


def name_another_loader(stored: Stored) -> None:
    """A loader that comes with the model."""
    (stored.folder / "code" / "evil.py").write_text(EVIL.format(mark=str(stored.mark)))
    edit_mlmodel(stored, loader_module="evil", code="code")


def name_trusted_types(stored: Stored) -> None:
    """What MLflow's own skops flavour would believe, besides a pickle."""
    put_a_pickle(stored)
    edit_mlmodel(stored, skops_trusted_types=["pathlib.Path"])


def edit_mlmodel(stored: Stored, **changes: object) -> None:
    path = stored.folder / "MLmodel"
    record = yaml.safe_load(path.read_text())
    record["flavors"]["python_function"].update(changes)
    path.write_text(yaml.safe_dump(record))


BYTES: list[Callable[[Stored], None]] = [change_a_byte, put_a_pickle, name_another_recipe]
DESCRIPTIONS: list[Callable[[Stored], None]] = [name_another_loader, name_trusted_types]


@pytest.mark.parametrize("change", [*BYTES, *DESCRIPTIONS], ids=lambda change: change.__name__)
def test_a_changed_model_predicts_nothing_and_runs_nothing(
    change: Callable[[Stored], None], stored: Stored, tmp_path: Path, tell: Told
) -> None:
    change(stored)

    with pytest.raises(BundleRejected) as refused:
        fetch_production(stored.registry, tmp_path / "fetched")

    assert len(refused.value.message) > 40
    assert not stored.mark.exists()
    assert not (tmp_path / "fetched").exists()
    tell(f"model in the registry: {change.__name__.replace('_', ' ')}", 1, "refused, nothing ran", "select-model")


def mlflows_own_loading(stored: Stored) -> str:
    mlflow.set_tracking_uri(stored.registry.uri)
    return str(mlflow.pyfunc.load_model(MODEL).loader_module)


@pytest.mark.parametrize("change", [*BYTES, name_trusted_types], ids=lambda change: change.__name__)
def test_mlflows_own_loading_refuses_a_changed_bundle_too(change: Callable[[Stored], None], stored: Stored) -> None:
    change(stored)

    with pytest.raises(BundleRejected):
        mlflows_own_loading(stored)

    assert not stored.mark.exists()


def test_the_model_as_it_was_registered_loads_both_ways(stored: Stored, tmp_path: Path) -> None:
    assert fetch_production(stored.registry, tmp_path / "fetched") == 1
    assert mlflows_own_loading(stored) == "wafer.pyfunc"
