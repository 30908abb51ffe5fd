"""Test a folder of labelled batches forward in time: the stages of a training up to its fits, without a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from data_transformation_train.stage import transform_batches
from model_training.backtest import backtest
from preprocessing_train.stage import fit_preprocessor
from raw_data_validation_train.stage import validate_batches
from wafer.contract import Contract
from wafer.contract.manifest import Manifest, read_manifest
from wafer.engine import Engine
from wafer.errors import DataUnlearnable, NoGoodFiles
from wafer.evaluation.by_file import Backtest
from wafer.model.recipe import Recipe
from wafer.store import list_batches
from wafer.wafers.arrays import EXPORT_FILE

_SHOWN = 3  # files that an error names


class Refused(BaseModel):
    """A file that the contract refuses, with its codes and what to do."""

    model_config = ConfigDict(frozen=True)

    name: str
    codes: tuple[str, ...]
    message: str


class BacktestedBatches(BaseModel):
    """A walk forward over the good files of a folder, and the files that took no part."""

    model_config = ConfigDict(frozen=True)

    source: str
    wafers: int  # rows that are good; exact copies count once in the tests
    refused: tuple[Refused, ...]
    backtest: Backtest


def backtest_batches(
    source: str, contract: Contract, engine: Engine, *, seed: int, false_alarm_budget: float
) -> BacktestedBatches:
    """Validate, transform, preprocess and test; store, registry and documents are not touched.

    Everything is written to a temporary folder. Raises the errors of the stages, and DataUnlearnable where files
    cannot be put into an order of time.
    """
    recipe = Recipe(seed=seed, false_alarm_budget=false_alarm_budget)
    with TemporaryDirectory(prefix="backtest-") as scratch:
        folder = Path(scratch)
        manifest = _validated(source, contract, engine, folder)
        _check_order([file.name for file in manifest.good], contract)
        transform_batches(folder / "accepted", folder / "export" / EXPORT_FILE, contract, engine=engine)
        fit_preprocessor(folder / "export", folder / "preprocessor", folder / "training.parquet", recipe)
        found = backtest(folder / "training.parquet", folder / "preprocessor", folder / "tests", recipe, engine)
    return BacktestedBatches(
        source=source, wafers=manifest.totals.rows_good, refused=tuple(_refused(manifest)), backtest=found
    )


def _validated(source: str, contract: Contract, engine: Engine, folder: Path) -> Manifest:
    written = {name: folder / name for name in ("accepted", "manifest", "quarantine", "report")}
    with _reasons_told(folder / "manifest"):
        validate_batches(list_batches(source), contract, engine, **written)
    return read_manifest(folder / "manifest")


@contextmanager
def _reasons_told(manifest: Path) -> Iterator[None]:
    """Name the first files with their reasons: nobody sees the manifest of a backtest."""
    try:
        yield
    except NoGoodFiles as error:
        refused = list(_refused(read_manifest(manifest)))
        told = " ".join(f"{file.name}: {file.message}" for file in refused[:_SHOWN])
        raise NoGoodFiles(f"All {len(refused)} files were refused. {told}") from error


def _refused(manifest: Manifest) -> Iterator[Refused]:
    for file in manifest.bad:
        yield Refused(name=file.name, codes=file.codes, message=" ".join(file.messages))


def _check_order(names: list[str], contract: Contract) -> None:
    if len(names) < 2:
        raise DataUnlearnable("A walk forward in time needs two good files or more, and this folder has one.")
    unknown = [name for name in names if contract.file_name.stamp(name) is None]
    if unknown:
        raise DataUnlearnable(
            f"{len(unknown)} of {len(names)} good files carry no date in their name (for example {unknown[0]}), so "
            "nobody knows which came later. Say in the policy where the stamps stand, for example "
            '`file_name: {form: "*_{date}_{time}.csv"}`.'
        )
