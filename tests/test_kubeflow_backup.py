"""The nightly copy of Kubeflow's database: both commands of its job, with a real database and a real S3, and back."""

import gzip
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import skip_or_fail
from tests.gitops.conftest import kustomized, one
from tests.gitops.schemas import ROOT
from tests.servers.server import Server, start_on_free_port
from wafer.store import open_store

pytestmark = [pytest.mark.server, pytest.mark.slow]
Sql = Callable[[str], str]
CLIENTS = {"mysql": "mariadb", "mysqldump": "mariadb-dump"}  # as the image of the job names them
KUBEFLOW = """
CREATE DATABASE mlpipeline CHARACTER SET utf8mb4;
CREATE DATABASE metadb;
CREATE TABLE mlpipeline.run_details
  (UUID varchar(191) PRIMARY KEY, DisplayName varchar(255), Manifest longtext, Content longblob);
INSERT INTO mlpipeline.run_details
  VALUES ('a', 'Überprüfung 🙂', REPEAT('line; ''quoted''\\n', 70000), UNHEX('00ff0a0d27'));
CREATE TABLE metadb.Type (id int AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL);
CREATE TABLE metadb.Artifact
  (id int AUTO_INCREMENT PRIMARY KEY, type_id int, FOREIGN KEY (type_id) REFERENCES metadb.Type (id));
INSERT INTO metadb.Type (name) VALUES ('system.Dataset'), ('system.Model');
INSERT INTO metadb.Artifact (type_id) VALUES (2), (1);
CREATE VIEW mlpipeline.names AS SELECT DisplayName FROM mlpipeline.run_details;
CREATE PROCEDURE mlpipeline.counted () SELECT COUNT(*) FROM mlpipeline.run_details;
"""
CONTENT = """
CHECKSUM TABLE mlpipeline.run_details, metadb.Type, metadb.Artifact EXTENDED; SELECT * FROM mlpipeline.names;
CALL mlpipeline.counted (); SELECT type_id FROM metadb.Artifact ORDER BY id; SHOW CREATE TABLE metadb.Artifact;
"""
LOST = "DROP DATABASE IF EXISTS mlpipeline; DROP DATABASE IF EXISTS metadb;"


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    """The pod of the job, as an overlay has it."""
    found = one(kustomized(ROOT, "overlays/prod"), "CronJob", "kubeflow-backup")
    pod: dict[str, Any] = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return pod


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    for name, here in CLIENTS.items():
        if not (found := shutil.which(here)):
            skip_or_fail(f"{here} is not installed (Debian: mariadb-client)")
        (folder / name).symlink_to(str(found))
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """MariaDB with Kubeflow's user, who has no password there either."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        skip_or_fail("mariadbd is not installed (Debian: mariadb-server-core)")
    folder = tmp_path_factory.mktemp("database")
    settings = [f"--datadir={folder}/data", *(["--user=root"] if os.getuid() == 0 else [])]
    install = [
        "mariadb-install-db",
        "--no-defaults",
        *settings,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]
    subprocess.run(install, check=True, capture_output=True)

    def describe(port: int) -> Server:
        listen = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
        command = [str(program), "--no-defaults", *settings, *listen, "--innodb-flush-log-at-trx-commit=0"]
        return Server(command, f"127.0.0.1:{port}", port, folder / "mariadb.log", listens)

    with start_on_free_port(describe) as server:
        yield server


@pytest.fixture
def sql(database: Server, clients: Path) -> Iterator[Sql]:
    """Kubeflow's databases, with rows of every awkward kind; dropped after the test."""

    def ask(text: str) -> str:
        return restored(database, clients, text)

    ask(KUBEFLOW)
    yield ask
    ask(LOST)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """The pod's volume."""
    (tmp_path / "backup").mkdir()
    return tmp_path / "backup"


def test_a_lost_database_comes_back_whole_from_the_newest_copy(
    job: dict[str, Any], database: Server, clients: Path, sql: Sql, backup: Path, s3_bucket: str, tmp_path: Path
) -> None:
    before = sql(CONTENT)

    dumped = dump(job, database.port, clients, backup)
    kept = keep(job, s3_bucket, backup)

    assert dumped.returncode == 0, dumped.stderr
    assert kept.returncode == 0, kept.stderr
    (copy,) = open_store(s3_bucket).keys("backups")
    assert copy.key.startswith("backups/kubeflow/2")
    assert f"{s3_bucket}/{copy.key}" in kept.stdout
    sql(LOST)
    open_store(s3_bucket).download(copy.key, tmp_path / "copy.sql.gz")
    sql(gzip.decompress((tmp_path / "copy.sql.gz").read_bytes()).decode())
    assert "Überprüfung 🙂" in before
    assert sql(CONTENT) == before


def test_it_is_restored_over_what_is_there_too(
    job: dict[str, Any], database: Server, clients: Path, sql: Sql, backup: Path
) -> None:
    before = sql(CONTENT)
    assert dump(job, database.port, clients, backup).returncode == 0

    sql("DELETE FROM metadb.Artifact; UPDATE mlpipeline.run_details SET DisplayName = 'later';")
    assert sql(CONTENT) != before
    sql(gzip.decompress((backup / "kubeflow.sql.gz").read_bytes()).decode())

    assert sql(CONTENT) == before


def test_nothing_is_kept_where_no_database_answers_or_none_is_kubeflows(
    job: dict[str, Any], database: Server, clients: Path, backup: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = dump(job, nobody.getsockname()[1], clients, backup)
    empty = dump(job, database.port, clients, backup)

    assert away.returncode != 0
    assert "127.0.0.1" in away.stderr
    assert empty.returncode != 0
    assert "there is no database of Kubeflow at 127.0.0.1" in empty.stderr
    assert list(backup.iterdir()) == []


def dump(job: dict[str, Any], port: int, clients: Path, backup: Path) -> subprocess.CompletedProcess[str]:
    """The first container."""
    (container,) = job["initContainers"]
    settings = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(port), "DATABASE_USER": "root"}
    settings |= {"DATABASE_PASSWORD": ""}
    assert settings.keys() == {each["name"] for each in container["env"]}
    command = [each.replace("/backup", str(backup)) for each in (*container["command"], *container["args"])]
    path = {"PATH": f"{clients}:{os.environ['PATH']}"}
    return subprocess.run(command, env=settings | path, capture_output=True, text=True, check=False, timeout=120)


def keep(job: dict[str, Any], store: str, backup: Path) -> subprocess.CompletedProcess[str]:
    """The second one, in this environment's Python."""
    (container,) = job["containers"]
    python, *command = (each.replace("/backup", str(backup)) for each in (*container["command"], *container["args"]))
    assert python == "python3"
    environment = os.environ | {"WAFER_STORE": store}
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def restored(database: Server, clients: Path, text: str) -> str:
    """What the client answers, as `kubectl exec deployment/mysql -- mysql` has it."""
    command = [str(clients / "mysql"), "--no-defaults", "--host=127.0.0.1", f"--port={database.port}", "--user=root"]
    done = subprocess.run(
        [*command, "--default-character-set=utf8mb4"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listens(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) == 0
