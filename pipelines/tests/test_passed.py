"""Every setting of botocore and mlflow that leads to S3 or to MLflow reaches a task, or is left out on purpose."""

import re
from itertools import chain

import mlflow.environment_variables
import yaml
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from pipelines.packages import PIPELINES, package
from pipelines.passed import CERTIFICATES, FILES, OWN_FILES, SECRETS, SETTINGS

PASSED = {*SETTINGS, *SECRETS}
LEFT_OUT = {
    *OWN_FILES,  # files with keys of this machine's user
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DATA_PATH"),  # lie in such files
    *("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_DEFAULTS_MODE"),  # the store sets its own
    *("AWS_SDK_UA_APP_ID", "AWS_ACCOUNT_ID_ENDPOINT_MODE", "AWS_AUTH_SCHEME_PREFERENCE", "BOTOCORE_TCP_KEEPALIVE"),
    *("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ENDPOINT_DISCOVERY_ENABLED", "AWS_DISABLE_HOST_PREFIX_INJECTION"),
    *("AWS_SIGV4A_SIGNING_REGION_SET", "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"),  # kinds of buckets that nobody uses here
    *("AWS_DISABLE_REQUEST_COMPRESSION", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"),  # not for S3
    "MLFLOW_TRACKING_DIR",  # of a registry in files
}
OF_A_MACHINE = re.compile("AWS_(CSM|EC2|METADATA|IMDS)_")  # the machine's own metadata service, and monitoring
WAYS = re.compile("MLFLOW_(TRACKING|S3|BOTO)_")  # how MLflow and its artifacts are reached; the rest is how it works


def of_botocore() -> set[str]:
    named = (each[1] for each in BOTOCORE_DEFAUT_SESSION_VARIABLES.values() if each[1])
    return set(chain.from_iterable([name] if isinstance(name, str) else name for name in named))


def test_every_setting_of_botocore_is_passed_or_left_out_on_purpose() -> None:
    assert {name for name in of_botocore() if not OF_A_MACHINE.match(name)} - PASSED - LEFT_OUT == set()


def test_every_setting_of_mlflows_address_is_passed_or_left_out_on_purpose() -> None:
    found = {name for name in vars(mlflow.environment_variables) if WAYS.match(name)}

    assert len(found) > 10
    assert found - PASSED - LEFT_OUT == set()


def test_what_holds_a_secret_is_no_part_of_the_config_map() -> None:
    telling = re.compile("KEY|PASSWORD|USERNAME|TOKEN|MONGODB_URI")

    assert [name for name in SETTINGS if telling.search(name)] == []
    assert all(telling.search(name) for name in SECRETS)


def test_every_task_of_every_package_gets_them_all() -> None:
    for name in PIPELINES:
        _, platform = yaml.load_all(package(name), Loader=yaml.CSafeLoader)
        tasks = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
        for task in tasks:
            given = [key["envVar"] for each in task["configMapAsEnv"] for key in each["keyToEnv"]]
            secret = [key["envVar"] for each in task["secretAsEnv"] for key in each["keyToEnv"]]
            assert set(SETTINGS) <= set(given)
            assert set(SECRETS) == set(secret)
            assert [each["configMapName"] for each in task["configMapAsVolume"]] == [CERTIFICATES]
    assert set(FILES) <= set(SETTINGS)
