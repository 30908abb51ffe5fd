"""The descriptors of all stages, found by their folders: what the DAGs take a task's image, size and caching from.

For the places that hold the stages' sources. The application's image holds none and reads `pipelines.table`.
"""

from functools import cache
from importlib import import_module

from pipelines.images import STAGES
from pipelines.table import Planned
from wafer.stages import Stage


@cache
def descriptors() -> dict[str, Stage]:
    """Stage -> what it declares about itself."""
    return {stage: import_module(f"{stage}.descriptor").STAGE for stage in STAGES}


@cache
def described() -> dict[str, Planned]:
    """Name of a task -> the task and its stage."""
    return {task.name: Planned(stage, task) for stage, found in descriptors().items() for task in found.tasks}
