"""Wafers as documents, one a wafer, and what they turned out to be: in MongoDB, or embedded in one SQLite file."""

from wafer.documents.document import Document, DocumentRows
from wafer.documents.opening import open_documents
from wafer.documents.outcome import Outcome, contract_of, outcome_of
from wafer.documents.protocol import Documents, Inserted, batches_of

__all__ = [
    "Document",
    "DocumentRows",
    "Documents",
    "Inserted",
    "Outcome",
    "batches_of",
    "contract_of",
    "open_documents",
    "outcome_of",
]
