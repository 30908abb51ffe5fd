"""Every block of docs/api.md runs as it stands there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from application.settings import ServiceSettings
from application.tests.serving import MakeService
from conftest import skip_or_fail
from wafer.errors import error_classes

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
BLOCKS = [block for block in re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL) if "curl" in block]


def test_every_block_runs(make_service: MakeService, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        skip_or_fail("curl is not installed")
    service = make_service(WAFER_MAX_RUNS=100)
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
    of_runs_alone = {"BUNDLE_REJECTED", "CONTRACT_MISMATCH", "PUBLISH_CONFLICT"}
    of_stages_alone = {"ENGINE_UNAVAILABLE"}
    variables = {str(field.validation_alias) for field in ServiceSettings.model_fields.values()}

    assert sorted(code for code in answered - of_runs_alone - of_stages_alone if f"`{code}`" not in PAGE) == []
    assert sorted(name for name in variables if f"`{name}`" not in PAGE) == []


@pytest.mark.parametrize("word", ["Authorization: Bearer", "Idempotency-Key", "problem+json"])
def test_the_page_shows_what_a_first_reader_needs(word: str) -> None:
    assert word in PAGE
