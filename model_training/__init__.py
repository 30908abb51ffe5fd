"""Trains the models: first both families on all wafers alike, then once per cluster.

In: export, preprocessor and cluster model directories. `fit_global_models` writes a directory with both families and
their out-of-fold scores; `train_cluster` writes one cluster's directory (`member.json`, the member itself, out-of-fold
probabilities) and a page with its figures. The same input gives the same bytes, whatever the number of cores.
"""
