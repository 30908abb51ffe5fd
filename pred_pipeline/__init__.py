"""Judges wafers with the bundle in production.

In: an export directory (`wafers.parquet`, without labels) and a bundle directory. Out: a directory with
`predictions.parquet`, `predictions.csv` (most suspicious wafer first), `documents.parquet` (their ids), `drift.json`
and `report.html`. In memory are
one row group of the export, and some 60 bytes a wafer.
"""
