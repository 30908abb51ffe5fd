"""The settings that reach every task, in a pod or in a container of this machine: one list, and nothing else.

A test holds it against the lists of botocore and mlflow, so that a setting of theirs is either here or left out on
purpose.
"""

_WAFER = ("WAFER_STORE", "WAFER_EXPLAINED", "WAFER_PROMOTION", "WAFER_THRESHOLD")
_AWS = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
)
_MLFLOW = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_TRACKING_INSECURE_TLS",
    "MLFLOW_S3_ENDPOINT_URL",
    "MLFLOW_S3_IGNORE_TLS",
    "MLFLOW_S3_EXPECTED_BUCKET_OWNER",
    "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
    "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE",
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
# Certificates: a pod finds the files of the ConfigMap CERTIFICATES below its folder, a container those of this machine.
FILES = (
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "MLFLOW_TRACKING_SERVER_CERT_PATH",
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
)
# Who does a task's units of work: a container has it from this machine, a pod from `pipelines.tasks`.
ENGINE_TLS = "WAFER_ENGINE_TLS"  # a folder of certificates
UNITS = ("WAFER_WORKERS", "WAFER_ENGINE", ENGINE_TLS)
SETTINGS = (*_WAFER, *_AWS, *_MLFLOW, *_PROXIES, *FILES)
SECRETS = (
    "MONGODB_URI",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)
CERTIFICATES, CERTIFICATES_FOLDER = "wafer-certificates", "/etc/wafer/certificates"
# Further files that only a process of this machine can read, named from the folder where the command was called.
OWN_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE")
