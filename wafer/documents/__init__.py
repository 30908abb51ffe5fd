"""The wafers of every run as documents, one a wafer: in MongoDB, or embedded in one SQLite file."""

from wafer.documents.document import Document, DocumentRows
from wafer.documents.protocol import Documents, Inserted, batches_of, open_documents

__all__ = ["Document", "DocumentRows", "Documents", "Inserted", "batches_of", "open_documents"]
