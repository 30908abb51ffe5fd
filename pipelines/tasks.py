"""What every task of a DAG gets: image, resources, retries, time limit, identity and settings."""

import math
from dataclasses import dataclass

from kfp import kubernetes
from kfp.dsl import PipelineTask

from pipelines.descriptors import described
from pipelines.images import SHARED, Images
from pipelines.passed import CERTIFICATES, CERTIFICATES_FOLDER, SECRETS, SETTINGS
from pipelines.table import Planned
from wafer.settings import ENGINE_TLS
from wafer.stages import WAFERS, Size, Task

_SPARE = 1.2  # of the memory that was measured
_TIMES = 4  # the time that was measured: a cluster's processors are slower, and shared
CONFIG_MAP = "wafer-settings"
SECRET = "wafer-secrets"  # noqa: S105 - the name of a Kubernetes Secret, not its content
USER = 1000
ENGINE_SECRET = "wafer-engine-client"  # noqa: S105 - a name again; gitops/components/engine makes the Secret
ROLES = "wafer-roles"  # stage -> ARN of its role, and where a pod finds the token that it takes the role on with
TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Limits:
    """CPU (cores) and memory requested and allowed, and the time limit in seconds."""

    cpu: tuple[str, str]
    memory: tuple[str, str]
    seconds: int


LIMITS: dict[Size, Limits] = {
    "small": Limits(cpu=("250m", "1"), memory=("256Mi", "1Gi"), seconds=1800),
    "medium": Limits(cpu=("500m", "2"), memory=("512Mi", "2Gi"), seconds=3600),
    "large": Limits(cpu=("1", "2"), memory=("1Gi", "4Gi"), seconds=7200),
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a package is compiled for: the images, and how many wafers a run may have."""

    images: Images
    wafers: int = WAFERS


def limits_of(task: Task, wafers: int) -> Limits:
    """The limits of a task's size, raised where a number of wafers needs more."""
    limits = LIMITS[task.size]
    if task.needs is None:
        return limits
    gib = math.ceil(_SPARE * task.needs.memory(wafers) / 1024)
    memory = limits.memory[1] if gib <= int(limits.memory[1].removesuffix("Gi")) else f"{gib}Gi"
    seconds = max(limits.seconds, math.ceil(_TIMES * task.needs.seconds(wafers)))
    return Limits(limits.cpu, (limits.memory[0], memory), seconds)


def prepare(task: PipelineTask, deployment: Deployment, planned: Planned | None = None) -> PipelineTask:
    """Give a task its image, limits and settings, as its stage's descriptor says, or as given for a task of no stage.

    Retries need a controller whose retry policy covers failures; stages are safe to run again either way.
    """
    planned = planned or described()[task.component_spec.name]
    limits, stage = limits_of(planned.task, deployment.wafers), planned.stage
    task.set_container_image(deployment.images[stage])
    task.set_cpu_request(limits.cpu[0]).set_cpu_limit(limits.cpu[1])
    task.set_memory_request(limits.memory[0]).set_memory_limit(limits.memory[1])
    task.set_retry(num_retries=2, backoff_duration="10s", backoff_factor=2, backoff_max_duration="120s")
    task.set_caching_options(enable_caching=planned.task.cached)
    kubernetes.set_timeout(task, limits.seconds)
    kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.use_config_map_as_env(task, CONFIG_MAP, {name: name for name in SETTINGS}, optional=True)
    # Kubeflow gives every task the same service account; on EKS a task takes on its own stage's role by these two.
    kubernetes.use_config_map_as_env(task, ROLES, {stage: "AWS_ROLE_ARN", TOKEN_FILE: TOKEN_FILE}, optional=True)
    if stage in SHARED:
        kubernetes.use_config_map_as_env(task, CONFIG_MAP, {"WAFER_ENGINE": "WAFER_ENGINE"}, optional=True)
        kubernetes.use_secret_as_volume(task, ENGINE_SECRET, ENGINE_TLS, optional=True)
    kubernetes.use_secret_as_env(task, SECRET, {name: name for name in SECRETS}, optional=True)
    kubernetes.use_config_map_as_volume(task, CERTIFICATES, CERTIFICATES_FOLDER, optional=True)
    return task
