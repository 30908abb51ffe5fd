"""A forest of scikit-learn as the product keeps it."""

from sklearn.ensemble import RandomForestClassifier

from wafer.model.families.forest_as_booster import booster_of, tree_json
from wafer.model.families.tree_model import TreeModel


def kept(forest: RandomForestClassifier) -> TreeModel:
    trees = [tree_json(number, each.tree_, len(forest)) for number, each in enumerate(forest.estimators_)]
    return TreeModel.of(booster_of(trees, forest.n_features_in_))
