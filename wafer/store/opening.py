"""Which store an address means."""

from wafer.store.local import LocalStore
from wafer.store.protocol import Store, is_s3, local_path


def open_store(uri: str) -> Store:
    """Open the store at a folder path, a `file://` or `s3://bucket/prefix`; nothing is created or asked yet."""
    if is_s3(uri):
        from wafer.store.s3 import S3Store  # boto3: 0.3 s

        return S3Store.at(uri)
    return LocalStore(local_path(uri))
