"""Judges wafers with the bundle in production.

In: an export directory (`wafers.parquet`, without labels) and a bundle directory. Out: a directory with
`predictions.parquet` and `predictions.csv` (most suspicious wafer first), `documents.parquet` (the ids of their
documents), `drift.json` and `report.html`. In memory are one row group of the export and some 200 bytes a wafer.
"""
