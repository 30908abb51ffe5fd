"""Judges wafers with the bundle in production.

In: an export directory (`wafers.parquet`, without labels) and a bundle directory. Out: a directory with
`predictions.parquet`, `predictions.csv` (most suspicious wafer first) and `report.html`.
"""
