"""Transformation: the accepted files of a drop go in, one `wafers.parquet` of all good wafers comes out.

Schema names, string ids, labels as 0 = pass and 1 = fail, missing readings as nulls, a document id for every wafer, and
an order that does not depend on how the wafers were batched.
"""
