"""Load: a run's `wafers.parquet` goes in, documents in the database and an export of exactly these wafers come out.

The export is rebuilt from the documents, as `wafers.parquet` and as `InputFile.csv`; loading again changes nothing.
"""
