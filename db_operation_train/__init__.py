"""Load: a run's `wafers.parquet` goes in, documents in the database and an export of exactly these wafers come out.

The export holds what the documents say: `wafers.parquet` for the next stages, `InputFile.csv` for the run's published
folder. Loading again changes nothing.
"""
