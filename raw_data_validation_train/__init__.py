"""Validation: a drop of CSV batch files is held against the data contract.

In go the files and the contract; out come the good rows as Parquet, a manifest with a verdict and reasons for every
file, the quarantine of refused files and rows, and a report for the yield engineer.
"""
