"""What a prediction imports, against what its image leaves out."""

import subprocess
import sys

import pytest

LEFT_OUT = ("kneed", "matplotlib", "pandas", "scipy", "sklearn", "xgboost")
MODULES = ("pred_pipeline.serving", "pred_pipeline.stage", "wafer.registry.registry", "wafer.settings")


@pytest.mark.slow  # an interpreter with all that a prediction imports
def test_a_prediction_needs_no_package_that_its_image_leaves_out() -> None:
    program = f"import sys; sys.modules |= dict.fromkeys({LEFT_OUT}); import {', '.join(MODULES)}"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
