"""Trains the models: every family on all wafers, then on each cluster.

In: the training file, preprocessor and cluster model directories. `fit_global_models` writes a directory with every
family and its out-of-fold scores; `train_cluster` writes one cluster's directory (`member.json`, the model itself,
out-of-fold probabilities) and a page with its figures. The same input gives the same bytes, whatever the number of
cores.
"""
