"""Every block of docs/api.md runs as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from application.settings import ServiceSettings
from application.tests.real_models import RealModels, Trained
from application.tests.serving import MakeService
from conftest import skip_or_fail
from wafer.errors import error_classes

pytestmark = pytest.mark.slow  # runs what README and docs say, line by line

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = [block for block in re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL) if "curl" in block]


def test_every_block_runs(make_service: MakeService, trained_line: Trained, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        skip_or_fail("curl is not installed")
    service = make_service(WAFER_MAX_RUNS=100, versions=RealModels(trained_line.bundles))
    service.backend.succeed_at_once = True
    batches = tmp_path / "work" / "batches"
    batches.mkdir(parents=True)
    for name in ("wafer_01032021_041011.csv", "wafer_02032021_041011.csv"):
        (batches / name).write_text("x")
    script = "set -eu\n" + "\n".join(BLOCKS)
    given = {"WAFER_URL": service.url, "WAFER_KEY": service.key("admin"), "PATH": "/usr/bin:/bin"}

    done = subprocess.run(
        ["bash", "-c", script], cwd=batches.parent, env=given, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert len(BLOCKS) >= 6
    assert (batches.parent / "predictions.csv").read_text().startswith("rank,wafer")
    assert "event: end" in done.stdout


def test_every_code_and_every_setting_is_on_the_page() -> None:
    classes = error_classes()
    answered = {
        code
        for code, each in classes.items()
        if each.http_status in {404, 409, 503} or each.__module__ == "application.errors"
    }
    of_runs_alone = {"BUNDLE_REJECTED", "PUBLISH_CONFLICT"}
    of_stages_alone = {"ENGINE_UNAVAILABLE"}
    variables = {str(field.validation_alias) for field in ServiceSettings.model_fields.values()}

    assert sorted(code for code in answered - of_runs_alone - of_stages_alone if f"`{code}`" not in PAGE) == []
    assert sorted(name for name in variables if f"`{name}`" not in PAGE) == []


@pytest.mark.parametrize("word", ["Authorization: Bearer", "Idempotency-Key", "problem+json"])
def test_the_page_shows_what_a_first_reader_needs(word: str) -> None:
    assert word in PAGE


def test_the_readmes_client_judges_the_wafers_of_a_file(
    make_service: MakeService, trained_line: Trained, tmp_path: Path
) -> None:
    service = make_service(versions=RealModels(trained_line.bundles))
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    batch = tmp_path / "lot-7.csv"
    batch.write_text("Wafer," + ",".join(f"Sensor-{n}" for n in range(1, 9)) + "\nW-1,1,2,3,4,5,6,7,\n")
    environment = {"WAFER_URL": service.url, "WAFER_KEY": service.key("operator")}

    done = subprocess.run(
        [sys.executable, "-c", block],
        env=os.environ | environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:2] in (["W-1", "fail"], ["W-1", "inspect"], ["W-1", "pass"])
