"""Which container image each stage runs in, what is in it, and which images a change makes anew."""

import json
from pathlib import Path

STAGES = (
    "raw_data_validation_train",
    "data_transformation_train",
    "db_operation_train",
    "preprocessing_train",
    "clustering",
    "model_training",
    "load_prod_model",
    "pred_pipeline",
)
APPLICATION = "application"
ALL = (*STAGES, APPLICATION)
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
