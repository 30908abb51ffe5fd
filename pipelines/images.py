"""Which images there are: one of every stage, which is a folder with a descriptor, the application's, the workers'."""

import json
from pathlib import Path

STAGES = tuple(sorted(path.parent.name for path in Path(__file__).parents[1].glob("*/descriptor.py")))
APPLICATION = "application"
ENGINE = "engine"  # of scheduler and workers (`wafer.engine`)
SHARED = (
    "data_transformation_train",
    "model_training",
    "pred_pipeline",
    "preprocessing_train",
    "raw_data_validation_train",
)  # stages whose work is units
ALL = (*STAGES, APPLICATION, ENGINE)
Images = dict[str, str]


def development_images() -> Images:
    """The images as built on a laptop, before any registry gave them a digest."""
    return {stage: f"wafer-fault/{stage}:dev" for stage in STAGES}


def read_images(path: Path) -> Images:
    """Image references by digest, from a JSON object stage -> reference.

    Raises `ValueError` when a stage is missing or a reference is not pinned by digest.
    """
    images: Images = json.loads(path.read_text(encoding="utf-8"))
    wrong = [stage for stage in STAGES if "@sha256:" not in images.get(stage, "")]
    if wrong:
        raise ValueError(f"{path} must name an image by digest (name@sha256:...) for: {', '.join(wrong)}")
    return images
