"""Every task's component by itself, for pipelines that others put together."""

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from kfp import compiler

from pipelines.descriptors import described
from pipelines.images import Images


def write_components(folder: Path, images: Images) -> None:
    """Write `<task>.yaml` for every task, each with the image of its stage."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, planned in described().items():
        component = getattr(import_module(f"{planned.stage}.component"), planned.task.component)
        _write(component, images[planned.stage], folder / f"{name}.yaml")


def _write(component: Any, image: str, path: Path) -> None:  # noqa: ANN401 - kfp's types are its own
    compiler.Compiler().compile(component, str(path))
    specification = yaml.safe_load(path.read_text(encoding="utf-8"))
    for executor in specification["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = image
    path.write_text(yaml.safe_dump(specification, sort_keys=False), encoding="utf-8")
