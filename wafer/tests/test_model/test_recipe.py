"""A recipe comes back from a bundle as it went in, from bundles of earlier versions too."""

import pytest

from wafer.errors import BundleRejected
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe


def test_a_recipe_comes_back_as_it_was_written() -> None:
    recipe = Recipe(seed=3, families=(BoostedTrees(rounds=5), RandomForest(trees=9)), false_alarm_budget=0.2)

    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_recipe_of_the_first_version_is_understood() -> None:
    written = {"seed": 3, "forest_trees": 9, "boosting_rounds": 5, "false_alarm_budget": 0.2}

    found = Recipe.from_json(written)

    assert (found.version, found.seed, found.false_alarm_budget) == (1, 3, 0.2)
    assert found.families == (RandomForest(trees=9), BoostedTrees(rounds=5))


def test_a_family_nobody_knows_is_refused() -> None:
    written = Recipe().to_json() | {"families": ["random_forest", "oracle"]}

    with pytest.raises(BundleRejected, match="oracle"):
        Recipe.from_json(written)
