"""Everything that outlives a run, in a folder or in S3: objects by key, published folders, the batches of a drop."""

from wafer.store.layout import MARKER
from wafer.store.opening import open_store
from wafer.store.protocol import Store, StoredObject, is_s3
from wafer.store.published import Marker, PublishedFile, fetch_files, fetch_published, files_below, publish, read_marker
from wafer.store.sources import Batch, fetch, list_batches

__all__ = [
    "MARKER",
    "Batch",
    "Marker",
    "PublishedFile",
    "Store",
    "StoredObject",
    "fetch",
    "fetch_files",
    "fetch_published",
    "files_below",
    "is_s3",
    "list_batches",
    "open_store",
    "publish",
    "read_marker",
]
