"""A bundle as a model of MLflow that is served where nothing of this project is installed.

It carries the code that loads it, names packages that anybody can install, and shows how it is asked: a signature with
the names of the line, and wafers as an example.
"""

import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import mlflow
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import save_model
from mlflow.types.schema import AnyType, ColSpec, DataType, Schema

from wafer.imports import import_graph, modules, reachable
from wafer.registry.protocol import HowToAsk
from wafer.wafers.names import without_blanks

LOADER = "wafer.pyfunc"
PACKAGES = ("numpy", "pandas", "pyarrow", "pydantic")  # what a loaded version needs, besides MLflow
_ROOT = Path(__file__).parents[2]
_LIBRARY = "wafer"


def save(folder: Path, bundle: Path, model: Model, asked: HowToAsk | None) -> None:
    """Write the folder of a model of MLflow, with its code and its requirements."""
    with tempfile.TemporaryDirectory(prefix="code-") as scratch:
        save_model(
            folder,
            loader_module=LOADER,
            data_path=str(bundle),
            code_paths=[str(_own_code(Path(scratch)))],
            pip_requirements=[f"mlflow=={mlflow.__version__}", *(f"{name}=={version(name)}" for name in PACKAGES)],
            mlflow_model=model,
            signature=asked and _signature(asked),
            input_example=None if asked is None else asked.example,
            model_config=asked and {"id_column": asked.id_column, "spellings": _listed(asked)},
        )


def _own_code(folder: Path) -> Path:
    """Copy the loader and every module that it imports below `folder`; the package they are in."""
    tree = {path.relative_to(_ROOT).as_posix(): path.read_bytes() for path in (_ROOT / _LIBRARY).rglob("*.py")}
    found = modules(tree, [_LIBRARY])
    for module in reachable(import_graph(tree, found), [LOADER], [_LIBRARY]):
        copy = folder / found[module]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_ROOT / found[module], copy)
    return folder / _LIBRARY


def _signature(asked: HowToAsk) -> ModelSignature:
    """Every accepted spelling, each optional: MLflow takes away any column that is not named here.

    They may be of any type: MLflow takes no whole number where it expects a double, and pandas reads a sensor that
    happens to have none but whole numbers as such (docs/decisions/0030).
    """
    names = [spelling for name in (asked.id_column, *asked.sensors) for spelling in _spelled(name, asked)]
    kinds = {"f": DataType.double, "i": DataType.long}
    answers = [ColSpec(kinds.get(kind.kind, DataType.string), str(name)) for name, kind in asked.answer.dtypes.items()]
    anything = AnyType()  # type: ignore[no-untyped-call] # MLflow leaves it without types
    inputs = [ColSpec(anything, name, required=False) for name in names]
    return ModelSignature(Schema([*inputs]), Schema([*answers]))


def _spelled(name: str, asked: HowToAsk) -> Iterator[str]:
    """The contract's name, the same without blanks, and its other spellings."""
    yield from dict.fromkeys((name, without_blanks(name), *asked.spellings.get(name, ())))


def _listed(asked: HowToAsk) -> dict[str, list[str]]:
    return {name: list(others) for name, others in asked.spellings.items() if others}
