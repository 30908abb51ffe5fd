"""The wafers of every run as documents, one a wafer: in MongoDB, or embedded in one SQLite file."""

from wafer.documents.protocol import Document, Documents, Inserted, batches_of, open_documents

__all__ = ["Document", "Documents", "Inserted", "batches_of", "open_documents"]
