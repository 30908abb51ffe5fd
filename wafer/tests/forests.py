"""A forest of scikit-learn as the product keeps it."""

from sklearn.ensemble import RandomForestClassifier

from wafer.model.families.forest_as_booster import booster_of, tree_json
from wafer.model.families.tree_model import TreeModel


def kept(forest: RandomForestClassifier) -> TreeModel:
    grown = [each.tree_ for each in forest.estimators_]
    trees = [tree_json(number, tree, len(grown), tree.weighted_n_node_samples) for number, tree in enumerate(grown)]
    return TreeModel.of(booster_of(trees, forest.n_features_in_))
