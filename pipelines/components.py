"""Every stage's component by itself, for pipelines that others put together."""

from pathlib import Path
from typing import Any

import yaml
from kfp import compiler

from clustering.component import cluster
from data_transformation_train.component import transform
from db_operation_train.component import load
from load_prod_model.component import promote
from model_training.component import train_cluster, train_global
from pipelines.images import Images
from pred_pipeline.component import predict, publish, select_model
from preprocessing_train.component import preprocess
from raw_data_validation_train.component import validate

COMPONENTS = {
    "raw_data_validation_train": [validate],
    "data_transformation_train": [transform],
    "db_operation_train": [load],
    "preprocessing_train": [preprocess],
    "clustering": [cluster],
    "model_training": [train_global, train_cluster],
    "load_prod_model": [promote],
    "pred_pipeline": [select_model, predict, publish],
}


def write_components(folder: Path, images: Images) -> None:
    """Write `<component>.yaml` for every component, each with the image of its stage."""
    folder.mkdir(parents=True, exist_ok=True)
    for stage, components in COMPONENTS.items():
        for component in components:
            _write(component, images[stage], folder / f"{component.name}.yaml")


def _write(component: Any, image: str, path: Path) -> None:  # noqa: ANN401 - kfp's types are its own
    compiler.Compiler().compile(component, str(path))
    specification = yaml.safe_load(path.read_text(encoding="utf-8"))
    for executor in specification["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = image
    path.write_text(yaml.safe_dump(specification, sort_keys=False), encoding="utf-8")
