"""What every folder's tests share: the real data where it is at hand, markers, and what a missing part means."""

import inspect
import os
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import pytest
import structlog
from botocore.loaders import JSONFileLoader

from wafer.contract import Contract, load_contract
from wafer.process import restrain_mlflow, spare_the_collector
from wafer.registry import open_registry

pytest_plugins = ["tests.servers.cluster", "tests.servers.fixtures"]
restrain_mlflow()
spare_the_collector()  # tests take an eighth less CPU

ROOT = Path(__file__).parent
# The marker of every test that uses one of these fixtures; what a test starts by other means it marks by itself.
NEEDS = {
    "server": {"s3_server", "mongodb_server", "mlflow_server", "toxiproxy_server", "cluster"},
    "browser": {"browser"},
    "containers": {"images"},
    "platform": {"kubernetes"},
}
COSTLY = ("slow", *NEEDS)
REAL_DATA = Path(os.environ.get("WAFER_DATA", ROOT.parent / "shared" / "data" / "wafer"))

FIELD_DATA = REAL_DATA.parent / "field"


def skip_or_fail(what: str) -> None:
    """Skip a test whose part is not on this machine; with `WAFER_REQUIRE=all` (CI) that is a failure."""
    if os.environ.get("WAFER_REQUIRE") == "all":
        pytest.fail(f"WAFER_REQUIRE=all, but {what}")
    pytest.skip(what)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than cores: of its time a test waits two fifths, for servers, browsers and other processes.

    With `--numprocesses=logical` one for each core, for tests that wait for nothing: every further process collects
    all tests again.
    """
    extra = 1 if config.option.numprocesses == "auto" else 0
    return (os.cpu_count() or 1) + extra


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the parts that its fixtures need."""
    for item in items:
        for marker, fixtures in NEEDS.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)
    if hasattr(config, "workerinput"):
        _costly_files_first(items)


def _costly_files_first(items: list[pytest.Item]) -> None:
    """Start files with costly tests early, so that in the end no process works at one alone while the others wait."""
    costly = Counter(item.path for item in items if any(map(item.get_closest_marker, COSTLY)))
    items.sort(key=lambda item: not costly[item.path])


@pytest.fixture(autouse=True)
def logs_of_one_test() -> Iterator[None]:
    """A command in this process sends its logs to the output that pytest captures, which closes with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def services_read_once() -> Iterator[None]:
    """Each AWS session reads the descriptions of its services anew, a tenth of a second; tests open hundreds."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture(scope="session", autouse=True)
def callers_without_their_source() -> Iterator[None]:
    """Kfp asks who called for each task of a DAG; below pytest the lines of source that come along cost 5 s a DAG."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspect, "stack", partial(inspect.stack, 0))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the real `training/` and `prediction/` batches."""
    if not (REAL_DATA / "training").is_dir():
        skip_or_fail(f"the real batches are not at {REAL_DATA} (WAFER_DATA names another place)")
    return REAL_DATA


@pytest.fixture(scope="session")
def field_data() -> Path:
    """Folder with small made-up exports of other lines, a folder each."""
    if not FIELD_DATA.is_dir():
        skip_or_fail(f"the made-up exports are not at {FIELD_DATA}")
    return FIELD_DATA


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs, to be copied: making one takes seconds, so all test processes share one."""
    own = tmp_path_factory.getbasetemp()
    path = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "empty-mlflow.db"
    if not path.exists():
        made = tmp_path_factory.mktemp("registry") / "mlflow.db"
        open_registry(f"sqlite:///{made}").versions()
        made.replace(path)
    return path


@pytest.fixture(scope="session")
def contract_training() -> Contract:
    """The built-in contract for labelled batches."""
    return load_contract("training")


@pytest.fixture(scope="session")
def contract_prediction() -> Contract:
    """The built-in contract for batches to predict."""
    return load_contract("prediction")
