"""Validation: a drop of CSV batch files and the data contract go in; good rows as Parquet, a manifest with a verdict and
reasons for every file, the quarantine of refused files and rows, and a report for the yield engineer come out.
"""
