"""Learns what prediction needs to turn readings into features.

In: the export directory of the load stage (`wafers.parquet`, labelled). Out: a directory with `preprocessor.json` (kept
sensors, their medians, why each other sensor is not used) and `statistics.json` (how every sensor read in training),
and `training.parquet`: the wafers to learn from, exact copies once, in the form that all later stages read.
"""
