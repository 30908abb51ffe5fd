"""The pipeline of one task that Kubeflow runs at fixed times: `wafer retrain` in the image of the application."""

from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from kfp import compiler, dsl, kubernetes

from application.backends.kubeflow.packages import Package
from application.errors import RequestInvalid
from pipelines.images import APPLICATION
from pipelines.passed import CERTIFICATES, CERTIFICATES_FOLDER, SECRETS, SETTINGS
from pipelines.tasks import CONFIG_MAP, ROLES, SECRET, TOKEN_FILE, USER

NAME = "wafer-fault-retraining"
CRON_FIELDS = 5
_OF_THE_APPLICATION = (
    "WAFER_LEDGER",
    "WAFER_RETRAIN_BATCHES",
    "WAFER_RETRAIN_PROMOTION",
    "KFP_ENDPOINT",
    "KFP_EXPERIMENT",
    "KFP_NAMESPACE",
)
_HOME = {"WAFER_HOME": "/tmp/wafer"}  # noqa: S108 # nosec B108 - of the pod; everything that outlives it is elsewhere
_LIMIT_SECONDS = 1800


def package(image: str) -> Package:
    """The pipeline as the server takes it, with the application's image at this reference."""
    with TemporaryDirectory(prefix="wafer-retraining-") as folder:
        path = Path(folder) / "retraining.yaml"
        compiler.Compiler().compile(_pipeline(image), str(path))
        spec, platform = yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {"pipeline_spec": spec, "platform_spec": platform}


def _pipeline(image: str) -> dsl.base_component.BaseComponent:
    def decide() -> dsl.ContainerSpec:
        return dsl.ContainerSpec(
            image=image, command=["wafer"], args=["retrain", "--no-wait", "--every-contract", "--json"]
        )

    component = dsl.container_component(decide)

    def wafer_fault_retraining() -> None:
        task = component()
        task.set_caching_options(enable_caching=False)
        task.set_memory_limit("1Gi").set_cpu_limit("1")
        for name, value in _HOME.items():
            task.set_env_variable(name, value)
        names = (*SETTINGS, *_OF_THE_APPLICATION)
        kubernetes.set_timeout(task, _LIMIT_SECONDS)
        kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
        kubernetes.use_config_map_as_env(task, CONFIG_MAP, {name: name for name in names}, optional=True)
        role = {APPLICATION: "AWS_ROLE_ARN", TOKEN_FILE: TOKEN_FILE}
        kubernetes.use_config_map_as_env(task, ROLES, role, optional=True)
        kubernetes.use_secret_as_env(task, SECRET, {name: name for name in SECRETS}, optional=True)
        kubernetes.use_config_map_as_volume(task, CERTIFICATES, CERTIFICATES_FOLDER, optional=True)

    described = dsl.pipeline(name=NAME, description="Decide whether to train the model again, and start that.")
    return described(wafer_fault_retraining)


def recurring(cron: str, image: str) -> Package:
    """A recurring run as the server takes it: one at a time, and none for times that have passed meanwhile."""
    if len(cron.split()) != CRON_FIELDS:
        raise RequestInvalid(f"{cron[:80]!r} is not a schedule: write five cron fields, as in '0 6 * * *'.")
    if not image:
        raise RequestInvalid("Name the application's image, which decides (`--image`).")
    return {
        "display_name": NAME,
        "runtime_config": {"parameters": {}},
        "trigger": {"cron_schedule": {"cron": f"0 {cron}"}},  # Kubeflow's has a field of seconds before the others
        "mode": "ENABLE",
        "max_concurrency": "1",
        "no_catchup": True,
        "pipeline_spec": package(image),
    }
