"""Groups wafers that were measured alike, so that each group can have a model of its own.

In: the training file and the preprocessor directory. Out: a directory with `clusters.json` (scaling, principal
components, centroids, training distances), `clusters.parquet` (cluster and distance of every wafer learned from), a
page with the elbow plot, and the list of cluster numbers the training fans out over.
"""
